import { z } from 'zod'
import { fromGraph, unreadable } from '#graph/errors.ts'
import type { Graph } from '#graph/open.ts'
import { heed, rest, settle, tellRest, tooLong } from '#graph/request.ts'
import { bearable, pauseBefore } from '#graph/retry-after.ts'
import { urlOf } from '#graph/url-of.ts'
import type { BatchItem, BatchOutcome } from '#model/batch.ts'
import { type Cost, costOf, sumOf } from '#model/request-cost.ts'
import type { Answer } from '#outbound/send.ts'

/** @see https://learn.microsoft.com/graph/json-batching */
const LARGEST_BATCH = 20
const MAX_TRIES = 6
const RETRIED = [429, 500, 502, 503, 504]
const DEPENDENCY_FAILED = 424

const responses = z.object({
  responses: z.array(
    z.looseObject({
      id: z.coerce.string(),
      status: z.number(),
      headers: z.record(z.string(), z.coerce.string()).nullish(),
      body: z.unknown().optional(),
    }),
  ),
})

/** An item on its way, with its last answer; `done` once nothing can better it any more. */
type Step = { item: BatchItem; key: string; url: string; cost: Cost; answer: Answer | null; done: boolean }

/**
 * Asks up to twenty things of Graph in one request, and more in several. Each is charged to the budget, answered and
 * refused for itself: what was refused, or got no answer, is asked again in a new batch after the longest pause that Graph
 * wants. A write is tried again too, so whoever writes must recognise that it was done already.
 * @returns one outcome for each item, in their order; a refusal is a value here
 * @throws Problem ORIGIN_REFUSED for a link that is not Graph's own, and whatever the batch as a whole ends in
 */
export async function batch(
  graph: Graph,
  items: readonly BatchItem[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<BatchOutcome[]> {
  const steps = items.map((item): Step => {
    const url = urlOf(graph, item.path)
    const cost = costOf(item.method ?? 'GET', new URL(url))
    return { item, key: item.id.toLowerCase(), url, cost, answer: null, done: false }
  })
  for (const part of parts(steps)) await askUntilDone(graph, part, signal)
  return steps.map((step) => outcome(step, graph.clock.now()))
}

/** Items that depend on each other stay together: a batch knows nothing of another one's items. */
function parts(steps: readonly Step[]): Step[][] {
  const groups = new Map<string, Step[]>()
  for (const step of steps) {
    if (groups.has(step.key)) throw new TypeError(`Two items of the batch are called ${step.item.id}.`)
    const together = new Set<Step[]>()
    for (const name of step.item.dependsOn ?? []) {
      const group = groups.get(name.toLowerCase())
      if (!group) throw new TypeError(`${step.item.id} depends on ${name}, which does not come before it.`)
      together.add(group)
    }
    const merged = [...[...together].flat(), step]
    if (merged.length > LARGEST_BATCH) throw new TypeError(`More than ${LARGEST_BATCH} items depend on each other.`)
    for (const { key } of merged) groups.set(key, merged)
  }
  const found: Step[][] = []
  for (const group of new Set(groups.values())) {
    const last = found.at(-1)
    if (last && last.length + group.length <= LARGEST_BATCH) last.push(...group)
    else found.push([...group])
  }
  return found
}

async function askUntilDone(graph: Graph, steps: readonly Step[], signal: AbortSignal | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const open = steps.filter(({ done }) => !done)
    await askOnce(graph, open, signal)
    settleSteps(open, steps, attempt)
    const again = steps.filter(({ done }) => !done)
    if (again.length === 0) return
    const pause = longestPause(graph, again, attempt)
    if (pause > (graph.longestPauseMilliseconds ?? pause)) {
      const refused = again.find(({ answer }) => answer !== null)?.answer
      if (refused) throw tooLong(graph, refused, pause)
    }
    graph.log.debug({ tenantId: graph.tenantId, items: again.length, pause, attempt }, 'Graph asks to wait')
    await rest(graph, bearable(graph, pause), signal)
  }
}

/** One request with what is still open; an answer to nothing that was asked is not looked at, nor a second one. */
async function askOnce(graph: Graph, open: readonly Step[], signal: AbortSignal | undefined): Promise<void> {
  for (const step of open) step.answer = null
  const requests = open.map((step) => present(graph, step, open))
  const answer = await settle(graph, {
    method: 'POST',
    url: urlOf(graph, '/$batch'),
    body: JSON.stringify({ requests }),
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    cost: sumOf(open.map(({ cost }) => cost)),
    ...(signal ? { signal } : {}),
  })
  if (answer.status >= 300) throw fromGraph(answer, graph.clock.now())
  const parsed = responses.safeParse(parse(answer.text))
  if (!parsed.success) throw unreadable('Microsoft Graph sent an answer to a batch that cannot be read.')
  for (const { id, status, headers, body } of parsed.data.responses) {
    const step = open.find(({ key }) => key === id.toLowerCase())
    if (!step || step.answer) continue
    step.answer = answerOf(status, { ...dateOf(answer), ...headers }, body)
    if (status === 429) graph.telemetry?.graphRefusedForNow()
    heed(graph, step.answer.headers, step.cost)
  }
}

/** Relative, as a batch wants it, and without whatever has succeeded in a batch before. */
function present({ cloud }: Graph, { item, url }: Step, open: readonly Step[]) {
  const { id, method = 'GET', body, headers, dependsOn = [] } = item
  const stillOpen = dependsOn.filter((name) => open.some(({ key }) => key === name.toLowerCase()))
  return {
    id,
    method,
    url: url.slice(`${cloud.graphOrigin}/v1.0`.length),
    ...(body === undefined ? {} : { body }),
    ...(body === undefined && !headers
      ? {}
      : { headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers } }),
    ...(stillOpen.length > 0 ? { dependsOn: stillOpen } : {}),
  }
}

/** Decides what is done: a refusal that waiting can mend is not, nor what depends on one. */
function settleSteps(open: readonly Step[], steps: readonly Step[], attempt: number): void {
  for (const step of open) {
    const wanted = (step.item.dependsOn ?? []).map((name) => steps.find(({ key }) => key === name.toLowerCase()))
    if (wanted.some((other) => other?.done && failed(other))) {
      step.answer ??= answerOf(DEPENDENCY_FAILED, {}, null)
      step.done = true
      continue
    }
    const { answer } = step
    const mendable = answer === null || [...RETRIED, DEPENDENCY_FAILED].includes(answer.status)
    step.done = !mendable || attempt >= MAX_TRIES
  }
}

const failed = ({ answer }: Step): boolean => answer === null || answer.status >= 300

function longestPause(graph: Graph, again: readonly Step[], attempt: number): number {
  const pauses = again.map(({ answer }) => {
    if (answer?.status === DEPENDENCY_FAILED) return 0
    const pause = pauseBefore(attempt, answer?.headers ?? {}, graph.clock.now())
    if (answer?.status === 429) tellRest(graph, answer.headers, pause)
    return pause
  })
  return Math.max(...pauses)
}

/** An item tells no moment of its own, but may ask to wait until one. */
const dateOf = ({ headers: { date } }: Answer): Record<string, string> => (date === undefined ? {} : { date })

/** As if it had come by itself. */
function answerOf(status: number, headers: Record<string, string>, body: unknown): Answer {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { status, headers: lower, bytes: Buffer.alloc(0), text: JSON.stringify(body ?? null) }
}

function outcome({ item: { id }, answer }: Step, now: Date): BatchOutcome {
  if (!answer)
    return { id, status: null, body: null, problem: unreadable('Microsoft Graph left a request unanswered.') }
  const { status } = answer
  if (status >= 300) return { id, status, body: null, problem: fromGraph(answer, now) }
  return { id, status, body: JSON.parse(answer.text), problem: null }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
