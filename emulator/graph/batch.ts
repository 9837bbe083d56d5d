import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Answer, json } from '#emulator/graph/call.ts'
import { dispatch, type Incoming } from '#emulator/graph/dispatch.ts'
import { envelope, GraphError } from '#emulator/graph/errors.ts'
import { parseJson } from '#emulator/graph/json-text.ts'
import type { GraphState } from '#emulator/graph/state.ts'
import { strike } from '#emulator/graph/strike.ts'
import type { World } from '#emulator/world.ts'

const MAX_REQUESTS = 20

/** What HTTP.sys takes, and the emulator’s own door. */
const MAX_URL_CHARACTERS = 16_384

/** Some clients encode the dollar. */
export const isBatchPath = (path: string): boolean => /^\/?(\$|%24)batch$/i.test(path)

const item = z.object({
  id: z.string().min(1),
  method: z.string().transform((method) => method.toUpperCase()),
  url: z.string().min(1),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  dependsOn: z.array(z.string()).default([]),
})
const batch = z.object({ requests: z.array(item).min(1) })
type Item = z.output<typeof item>
type Response = { id: string; status: number; headers: Record<string, string>; body?: unknown }

/**
 * Up to 20 requests in one; each is checked, charged and answered for itself. Answers come in another order than the
 * questions, as Graph is free to do.
 * @throws GraphError 400 for a batch that is none
 * @see https://learn.microsoft.com/graph/json-batching
 */
export async function answerBatch(world: World, state: GraphState, incoming: Incoming): Promise<Answer> {
  const items = parse(await incoming.readBody())
  const responses = new Map<string, Response>()
  for (const one of items) {
    const failed = one.dependsOn.some((id) => (responses.get(id.toLowerCase())?.status ?? 500) >= 400)
    responses.set(
      one.id.toLowerCase(),
      failed ? dependencyFailed(world, one) : await answerItem(world, state, incoming, one),
    )
  }
  const answered = [...responses.values()].reverse()
  return json({ responses: incoming.words.includes('graph.batch=missing') ? answered.slice(1) : answered })
}

function parse(text: string): Item[] {
  const parsed = batch.safeParse(parseJson(text))
  if (!parsed.success) throw invalid('Invalid batch payload format.')
  const { requests } = parsed.data
  if (requests.length > MAX_REQUESTS)
    throw invalid(`Number of batch request steps exceeds the maximum value of ${MAX_REQUESTS}.`)
  const seen = new Set<string>()
  for (const { id, dependsOn, body: content, headers } of requests) {
    if (seen.has(id.toLowerCase())) throw invalid(`Duplicate request id '${id}' in the batch.`)
    for (const other of dependsOn)
      if (!seen.has(other.toLowerCase()))
        throw invalid(`Request '${id}' depends on '${other}', which does not come before it.`)
    if (content !== undefined && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type'))
      throw invalid(`Write request id : ${id} does not contain Content-Type header or body.`)
    seen.add(id.toLowerCase())
  }
  return requests
}

const invalid = (message: string) => new GraphError(400, 'BadRequest', message)

async function answerItem(world: World, state: GraphState, incoming: Incoming, one: Item): Promise<Response> {
  try {
    const { path, query } = split(one.url)
    const host = incoming.header('host')
    const struck = await strike(world, incoming.caller, {
      host,
      method: one.method,
      path: `/${incoming.version}${path}`,
    })
    if (struck.answer && !struck.isCarriedOut) return response(one.id, struck.answer)
    const answer = await dispatch(world, state, {
      ...incoming,
      method: one.method,
      path,
      query,
      bentLink: struck.bentLink,
      words: struck.words,
      header: (name) => Object.entries(one.headers).find(([key]) => key.toLowerCase() === name)?.[1],
      readBody: async () => (typeof one.body === 'string' ? one.body : JSON.stringify(one.body ?? null)),
    })
    return response(one.id, struck.answer ?? answer)
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return refused(world, one.id, error)
  }
}

/** Relative to the version, with or without a slash. @throws GraphError 400 for an absolute address, 414 for a long one */
function split(url: string): { path: string; query: string } {
  if (/^[a-z][a-z0-9+.-]*:/i.test(url) || url.startsWith('//'))
    throw invalid('Invalid request url: it must be relative.')
  if (url.length > MAX_URL_CHARACTERS) throw new GraphError(414, 'BadRequest', 'The request URL is too long.')
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  if (isBatchPath(path)) throw invalid('Nested batch requests are not supported.')
  return { path: path.startsWith('/') ? path : `/${path}`, query: mark === -1 ? '' : url.slice(mark + 1) }
}

function response(id: string, { status, headers = {}, body, contentType }: Answer): Response {
  if (body === null) return { id, status, headers: { ...headers } }
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  return {
    id,
    status,
    headers: { 'Content-Type': contentType ?? 'application/json', ...headers },
    body: contentType === undefined ? readJson(text) : Buffer.from(text).toString('base64'),
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function refused({ clock }: World, id: string, error: GraphError): Response {
  const requestId = randomUUID()
  return {
    id,
    status: error.status,
    headers: { 'Content-Type': 'application/json', ...error.headers },
    body: envelope(error, { now: clock.now(), requestId, clientRequestId: requestId }),
  }
}

const dependencyFailed = (world: World, { id }: Item): Response =>
  refused(
    world,
    id,
    new GraphError(424, 'FailedDependency', 'The request failed because a request that it depends on failed.'),
  )
