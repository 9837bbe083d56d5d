import { claimsWanted } from '#graph/claims-challenge.ts'
import { fromGraph, signInEnded, unreadable } from '#graph/errors.ts'
import type { Graph, TokenWish } from '#graph/open.ts'
import { pathWithoutIds } from '#graph/path-without-ids.ts'
import { bearable, pauseBefore } from '#graph/retry-after.ts'
import { urlOf } from '#graph/url-of.ts'
import { diagnose, Problem } from '#model/problem.ts'
import { type Cost, costOf } from '#model/request-cost.ts'
import { type Answer, send } from '#outbound/send.ts'
import { inSpan } from '#telemetry/open.ts'

export type GraphRequest = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below /v1.0, such as /users?$top=999; or an absolute link that Graph gave, which must lead to Graph's own /v1.0. */
  path: string
  body?: unknown
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
  /** For what would be there twice: not sent again unless Graph has refused it unread. */
  once?: true
}

const MAX_TRIES = 6
const RETRIED = [429, 500, 502, 503, 504]
const REFUSED_UNREAD = [429]

/**
 * Asks Graph once, and again where that can help: throttling and faults are waited out, a refused token is renewed once.
 * A write is tried again too, so callers must recognise that it was done already.
 * @returns the JSON of the answer; null when it has no body
 * @throws Problem with Graph's own code in `sourceCode`
 */
export const request = async (graph: Graph, wanted: GraphRequest): Promise<unknown> =>
  parseAnswer(await requestBytes(graph, wanted))

/** The same, not read yet: UTF-8, empty when the answer has no body. */
export async function requestBytes(
  graph: Graph,
  { method = 'GET', path, body, headers, signal, once }: GraphRequest,
): Promise<Buffer> {
  const answer = await settle(graph, {
    method,
    url: urlOf(graph, path),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { accept: 'application/json', ...(body === undefined ? {} : JSON_BODY), ...headers },
    ...(signal ? { signal } : {}),
    ...(once ? { once } : {}),
  })
  if (answer.status >= 300) throw fromGraph(answer, graph.clock.now())
  if (answer.bytes.length === 0 && answer.status !== 204) throw unreadableAnswer()
  return answer.bytes
}

/** @throws Problem ANSWER_UNREADABLE */
export function parseAnswer(bytes: Buffer): unknown {
  if (bytes.length === 0) return null
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw unreadableAnswer()
  }
}

const unreadableAnswer = () => unreadable('Microsoft Graph sent an answer that cannot be read.')

const JSON_BODY = { 'content-type': 'application/json' }

type Exchange = {
  method: string
  /** Absolute, and Graph's own. */
  url: string
  body?: string | Uint8Array
  headers: Readonly<Record<string, string>>
  signal?: AbortSignal
  once?: true
  /** What it takes of the budget; by its address unless told. */
  cost?: Cost
}

/**
 * The answer that stays after everything that waiting or a new token can mend.
 * @throws Problem ORIGIN_REFUSED, NETWORK, ANSWER_UNREADABLE, SIGN_IN_ENDED, and whatever getting a token ends in
 */
export async function settle(graph: Graph, wanted: Exchange): Promise<Answer> {
  const { signal, once = false } = wanted
  const retried = once ? REFUSED_UNREAD : RETRIED
  const cost = wanted.cost ?? costOf(wanted.method, new URL(wanted.url))
  let renewed = false
  let wish: TokenWish = {}
  for (let attempt = 1; ; attempt++) {
    await stayWithinBudget(graph, cost, signal)
    const token = await graph.token(wish)
    wish = {}
    const answer = await exchange(graph, token, wanted)
    if (answer instanceof Problem || (wanted.cost && answer.status >= 300)) graph.telemetry?.unitsSpent(cost.units)
    if (answer instanceof Problem) {
      if (attempt >= MAX_TRIES || once) throw answer
      await rest(graph, pauseBefore(attempt, {}, graph.clock.now()), signal)
      continue
    }
    heed(graph, answer.headers, wanted.cost ? null : cost)
    if (answer.status === 401 && !renewed && attempt < MAX_TRIES) {
      const claims = claimsWanted(answer.headers['www-authenticate'])
      renewed = true
      wish = { fresh: true, ...(claims ? { claims } : {}) }
      // The same token once more, where there is no other: another replica may know it.
      if (graph.signedIn) await rest(graph, pauseBefore(attempt, {}, graph.clock.now()), signal)
      continue
    }
    if (retried.includes(answer.status) && attempt < MAX_TRIES) {
      const pause = pauseBefore(attempt, answer.headers, graph.clock.now())
      // All others hear what Graph has said, however long whoever asked here is willing to wait.
      if (answer.status === 429) tellRest(graph, answer.headers, pause)
      if (pause > (graph.longestPauseMilliseconds ?? pause)) throw tooLong(graph, answer, pause)
      graph.log.debug({ tenantId: graph.tenantId, status: answer.status, pause, attempt }, 'Graph asks to wait')
      await rest(graph, bearable(graph, pause), signal)
      continue
    }
    if (answer.status >= 300 && answer.status < 400) refuseForeign(graph, wanted.url, answer.headers.location)
    if (answer.status >= 400) countUnknown(graph, answer)
    if (graph.signedIn && answer.status === 401) refuseEnded(graph, answer)
    return answer
  }
}

/** Nothing follows a redirect; one that leads out of what was asked is told as what it is. @throws Problem ORIGIN_REFUSED */
function refuseForeign(graph: Graph, asked: string, location: string | undefined): void {
  if (location === undefined) return
  const [, version = ''] = new URL(asked).pathname.split('/')
  urlOf(graph, URL.canParse(location, asked) ? new URL(location, asked).href : '', [version])
}

/** @throws Problem SIGN_IN_ENDED when it is the token that was refused */
function refuseEnded({ clock }: Graph, answer: Answer): void {
  const refused = fromGraph(answer, clock.now())
  if (refused.code === 'TOKEN_REFUSED') throw signInEnded(refused)
}

function countUnknown({ telemetry, clock }: Graph, answer: Answer): void {
  const { confidence, sourceCode } = fromGraph(answer, clock.now()).diagnosis
  if (confidence === 'unknown' && sourceCode) telemetry?.codeUnknown(sourceCode)
}

/** A worker that waits here for one tenant may do something for another meanwhile. */
export const rest = ({ aside, clock }: Graph, milliseconds: number, signal?: AbortSignal): Promise<void> =>
  aside ? aside(() => clock.sleep(milliseconds, signal)) : clock.sleep(milliseconds, signal)

/** @throws Problem THROTTLED when the budget is spent for longer than the caller wants to wait */
async function stayWithinBudget(graph: Graph, cost: Cost, signal: AbortSignal | undefined): Promise<void> {
  const { budget, tenantId, priority, aside } = graph
  if (!budget) return
  const options = { ...(signal ? { signal } : {}), ...(aside ? { aside } : {}) }
  for (;;) {
    // A person does not wait for background work; what is asked for him counts all the same.
    const pause = priority === 'high' ? budget.charge(tenantId, cost) : await budget.admit(tenantId, cost, options)
    if (!pause) return
    if (pause > (graph.longestPauseMilliseconds ?? pause)) throw budgetSpent(pause)
    await rest(graph, pause, signal)
  }
}

/**
 * What Graph says beside its answer: how near the limit is, and what the request has really cost.
 * @see https://learn.microsoft.com/graph/throttling-limits#response-headers
 */
export function heed(
  { budget, tenantId, telemetry }: Graph,
  headers: Readonly<Record<string, string>>,
  thought: Cost | null,
): void {
  const percentage = Number(headers['x-ms-throttle-limit-percentage'])
  if (percentage > 0) budget?.warn(tenantId, percentage)
  if (!thought) return
  const units = unitsStated(headers['x-ms-resource-unit']) ?? thought.units
  telemetry?.unitsSpent(units)
  if (units !== thought.units) budget?.correct(tenantId, { units: units - thought.units })
}

/**
 * Null for what makes no sense. Nothing that is documented costs more than ten; a figure without end would be a debt that
 * nobody pays, and stop the work in all tenants.
 */
const unitsStated = (text = ''): number | null => (/^[1-9]\d{0,2}$/.test(text) ? Number(text) : null)

/**
 * All hear what Graph has said to one. Whose limit was reached stands at the beginning of the scope: the app's in this
 * tenant, or in all of them; and then what it limits.
 * @see https://learn.microsoft.com/graph/throttling-limits#response-headers
 */
export function tellRest(
  { tenantId, budget }: Graph,
  headers: Readonly<Record<string, string>>,
  milliseconds: number,
): void {
  const [scope, limit] = headers['x-ms-throttle-scope']?.split('/') ?? []
  budget?.rest(scope === 'Application' ? 'app' : tenantId, milliseconds, limit === 'Write' ? 'writes' : 'all')
}

const budgetSpent = (pauseMilliseconds: number) =>
  new Problem({
    code: 'THROTTLED',
    owner: 'nobody',
    message: 'Microsoft Graph’s budget for this tenant, or for the app, is spent for the moment.',
    nextStep: 'It goes on by itself.',
    retry: 'backoff',
    confidence: 'certain',
    retryAfterSeconds: Math.ceil(pauseMilliseconds / 1_000),
  })

/** A broken connection is a value here: the caller decides whether to try again. */
async function exchange(graph: Graph, token: string, { headers, ...wanted }: Exchange): Promise<Answer | Problem> {
  try {
    const answer = await inSpan(
      `graph ${wanted.method}`,
      () => spanOf(graph, wanted),
      async (note) => {
        const found = await send(graph.outbound, {
          ...wanted,
          headers: {
            ...headers,
            authorization: `Bearer ${token}`,
            'x-ms-throttle-priority': graph.priority === 'high' ? 'High' : 'Low',
          },
        })
        note({ 'http.response.status_code': found.status })
        return found
      },
    )
    graph.telemetry?.graphAnswered(answer.status)
    return answer
  } catch (error) {
    graph.telemetry?.graphAnswered(0)
    if (diagnose(error).code === 'NETWORK' && error instanceof Problem) return error
    throw error
  }
}

const spanOf = ({ tenantId }: Graph, { method, url }: Pick<Exchange, 'method' | 'url'>) => ({
  'tenantry.tenant': tenantId,
  'http.request.method': method,
  'url.path': pathWithoutIds(new URL(url).pathname),
})

/** Graph that asks for patience is waited for elsewhere; Graph that is broken is a failure like any other. */
export function tooLong({ clock }: Graph, answer: Answer, pauseMilliseconds: number): Problem {
  const refused = fromGraph(answer, clock.now())
  const asksForPatience = answer.status === 429 || answer.headers['retry-after'] !== undefined
  if (!asksForPatience) return refused
  const retryAfterSeconds = Math.ceil(pauseMilliseconds / 1_000)
  return new Problem({ ...refused.diagnosis, code: 'THROTTLED', retryAfterSeconds })
}
