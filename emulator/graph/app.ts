import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { answerBatch, isBatchPath } from '#emulator/graph/batch.ts'
import type { Answer } from '#emulator/graph/call.ts'
import { type Caller, challenged, identifyCaller } from '#emulator/graph/caller.ts'
import { dispatch, type Incoming } from '#emulator/graph/dispatch.ts'
import { envelope, GraphError } from '#emulator/graph/errors.ts'
import { type GraphState, openGraphState } from '#emulator/graph/state.ts'
import { strike } from '#emulator/graph/strike.ts'
import { deliverChanges } from '#emulator/graph/subscriptions/deliver.ts'
import { answerUserInfo } from '#emulator/graph/userinfo.ts'
import { type Env, sendBytes, type World } from '#emulator/world.ts'

const JSON_TYPE = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'
const DIAGNOSTIC = JSON.stringify({
  ServerInfo: { DataCenter: 'Emulator', Slice: 'E', Ring: '0', ScaleUnit: '000', RoleInstance: 'EMULATOR' },
})

/** Every address of Microsoft Graph, v1.0 and beta alike. */
export function graphApp(world: World): Hono<Env> {
  const app = new Hono<Env>()
  const state = openGraphState()
  state.reviewSubscriptions = deliverChanges(world, state.subscriptions)
  app.all('/v1.0/*', (c) => answer(c, world, state, 'v1.0'))
  app.all('/beta/*', (c) => answer(c, world, state, 'beta'))
  app.on(['GET', 'POST'], '/oidc/userinfo', (c) => answerUserInfo(c, world, state.tokens))
  return app
}

async function answer(c: Context<Env>, world: World, state: GraphState, version: 'v1.0' | 'beta'): Promise<Response> {
  const requestId = randomUUID()
  const ids = { now: world.clock.now(), requestId, clientRequestId: c.req.header('client-request-id') ?? requestId }
  const headers = {
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
    'x-ms-ags-diagnostic': DIAGNOSTIC,
    date: ids.now.toUTCString(),
    'cache-control': 'no-cache',
  }
  const { status, body, ...more } = await attempt(c, world, state, version).catch((error: unknown): Answer => {
    if (!(error instanceof GraphError)) throw error
    c.get('told').reason = `${error.code}: ${error.message}${error.why ? ` (${error.why})` : ''}`
    return { status: error.status, headers: error.headers, body: JSON.stringify(envelope(error, ids)) }
  })
  const all = {
    ...headers,
    ...(body === null ? {} : { 'content-type': more.contentType ?? JSON_TYPE, 'odata-version': '4.0' }),
    ...more.headers,
  }
  if (body === null) return new Response(body, { status, headers: all })
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return sendBytes(c, { status, headers: { ...all, 'content-length': String(bytes.length) }, body: bytes })
}

async function attempt(c: Context<Env>, world: World, state: GraphState, version: 'v1.0' | 'beta'): Promise<Answer> {
  const { origin, path, query } = readUrl(c.req.url, version)
  const method = c.req.method
  const caller = identify(c, world, state)
  const struck = await strike(world, caller instanceof GraphError ? null : caller, {
    host: c.req.header('host'),
    method,
    path: `/${version}${path}`,
  })
  if (struck.rules.length > 0) c.set('struck', struck.rules)
  if (struck.answer) {
    c.get('told').reason = `mischief: answers ${struck.answer.status}`
    if (!struck.isCarriedOut) return struck.answer
  }
  if (caller instanceof GraphError) throw caller
  if (struck.words.includes('graph.claims=wanted')) throw challenged(world)
  const incoming: Incoming = {
    caller,
    method,
    origin,
    version,
    path,
    query,
    bentLink: struck.bentLink,
    words: struck.words,
    header: (name) => c.req.header(name),
    readBody: () => c.req.text(),
  }
  const isBatch = method === 'POST' && isBatchPath(path)
  const answer = await (isBatch ? answerBatch(world, state, incoming) : dispatch(world, state, incoming))
  return struck.answer ?? answer
}

/** Mischief may strike before a bad token is refused, so the refusal is kept for a moment. */
function identify(c: Context<Env>, world: World, state: GraphState): Caller | GraphError {
  try {
    const caller = identifyCaller(world, state.tokens, c.req.header('authorization'))
    const told = c.get('told')
    told.tenantId = caller.tenantId
    told.appId = caller.application.appId
    return caller
  } catch (error) {
    if (error instanceof GraphError) return error
    throw error
  }
}

/** Taken apart by hand: the path has to stay as it was sent. */
function readUrl(url: string, version: string): { origin: string; path: string; query: string } {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const mark = url.indexOf('?', start)
  const end = mark === -1 ? url.length : mark
  return {
    origin: url.slice(0, start),
    path: url.slice(start + 1 + version.length, end),
    query: mark === -1 ? '' : url.slice(mark + 1),
  }
}
