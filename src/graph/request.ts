import { fromGraph } from '#graph/errors.ts'
import type { Graph } from '#graph/open.ts'
import { pauseBefore } from '#graph/retry-after.ts'
import { diagnose, Problem } from '#model/problem.ts'
import { type Answer, send } from '#outbound/send.ts'

export type GraphRequest = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below /v1.0, such as /users?$top=999; or an absolute link that Graph gave, which must lead to Graph's own /v1.0. */
  path: string
  body?: unknown
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
}

const MAX_TRIES = 6
const RETRIED = [429, 500, 502, 503, 504]

/**
 * Asks Graph once, and again where that can help: throttling and faults are waited out, a refused token is renewed once.
 * A write is tried again too, so callers must recognise that it was done already.
 * @returns the JSON of the answer; null when it has no body
 * @throws Problem with Graph's own code in `sourceCode`
 */
export async function request(
  graph: Graph,
  { method = 'GET', path, body, headers = {}, signal }: GraphRequest,
): Promise<unknown> {
  const url = urlOf(graph, path)
  let fresh = false
  for (let attempt = 1; ; attempt++) {
    const token = await graph.token({ fresh })
    const answer = await exchange(graph, { method, url, token, body, headers, ...(signal ? { signal } : {}) })
    if (answer instanceof Problem) {
      if (attempt >= MAX_TRIES) throw answer
      await graph.clock.sleep(pauseBefore(attempt, undefined, graph.clock.now()), signal)
      continue
    }
    if (answer.status === 401 && !fresh && attempt < MAX_TRIES) {
      fresh = true
      continue
    }
    if (RETRIED.includes(answer.status) && attempt < MAX_TRIES) {
      const pause = pauseBefore(attempt, answer.headers['retry-after'], graph.clock.now())
      graph.log.debug({ tenantId: graph.tenantId, status: answer.status, pause, attempt }, 'Graph asks to wait')
      await graph.clock.sleep(pause, signal)
      continue
    }
    return read(answer)
  }
}

type Exchange = {
  method: string
  url: string
  token: string
  body: unknown
  headers: Readonly<Record<string, string>>
  signal?: AbortSignal
}

/** A broken connection is a value here: the caller decides whether to try again. */
async function exchange(
  graph: Graph,
  { method, url, token, body, headers, signal }: Exchange,
): Promise<Answer | Problem> {
  try {
    return await send(graph.outbound, {
      method,
      url,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'x-ms-throttle-priority': graph.priority === 'high' ? 'High' : 'Low',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (diagnose(error).code === 'NETWORK' && error instanceof Problem) return error
    throw error
  }
}

/**
 * A link is Graph's own only if its origin and version are; it is checked before a token is even fetched. Following a
 * foreign link with the token attached is the classic leak.
 * @throws Problem ORIGIN_REFUSED
 */
function urlOf({ cloud }: Graph, path: string): string {
  if (path.startsWith('/') && !path.startsWith('//')) return `${cloud.graphOrigin}/v1.0${path}`
  const url = URL.canParse(path) ? new URL(path) : null
  const own =
    url?.origin === cloud.graphOrigin && url.pathname.startsWith('/v1.0/') && url.username === '' && url.password === ''
  if (url && own) return url.href
  throw new Problem({
    code: 'ORIGIN_REFUSED',
    owner: 'microsoft',
    message: `A link that leads away from Microsoft Graph was refused: ${url?.origin ?? 'not a URL'}.`,
    nextStep: 'Nothing was sent. If it happens again, report it to Microsoft’s support.',
    retry: 'never',
    confidence: 'certain',
  })
}

function read(answer: Answer): unknown {
  if (answer.status >= 300) throw fromGraph(answer)
  if (answer.status === 204) return null
  try {
    return JSON.parse(answer.text)
  } catch {
    throw new Problem({
      code: 'ANSWER_UNREADABLE',
      owner: 'microsoft',
      message: 'Microsoft Graph sent an answer that cannot be read.',
      nextStep: 'It is tried again later by itself.',
      retry: 'backoff',
      confidence: 'certain',
    })
  }
}
