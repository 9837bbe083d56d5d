import type { Clock } from '#base/clock.ts'
import { diagnose, Problem, type ProblemCode } from '#model/problem.ts'

const MINUTE = 60_000
const PAUSES_MILLISECONDS = [500, 1_000, 2_000, 3_000, 5_000] as const

/**
 * What Microsoft's replicas say while they have not yet heard of a change made a moment ago.
 * @see https://learn.microsoft.com/graph/best-practices-concept
 */
const NOT_YET: readonly ProblemCode[] = [
  'GRANT_NOT_VISIBLE_YET',
  'SERVICE_PRINCIPAL_MISSING',
  'NOT_FOUND',
  'PERMISSION_MISSING',
  'TOKEN_REFUSED',
  'THROTTLED',
  'UNAVAILABLE',
  'NETWORK',
  'ANSWER_UNREADABLE',
]

/**
 * Asks again, with growing pauses, until `attempt` gives something other than null. Failures that only mean "not yet"
 * count as null; every other failure is thrown at once.
 * @throws the last failure, or Problem GRANT_NOT_VISIBLE_YET, when patience has run out
 */
export async function patiently<Value>(
  clock: Clock,
  { minutes, what, signal }: { minutes: number; what: string; signal: AbortSignal },
  attempt: () => Promise<Value | null>,
): Promise<Value> {
  const until = clock.now().getTime() + minutes * MINUTE
  let last: unknown = null
  for (let turn = 0; ; turn++) {
    signal.throwIfAborted()
    try {
      const value = await attempt()
      if (value !== null) return value
    } catch (error) {
      if (!NOT_YET.includes(diagnose(error).code)) throw error
      last = error
    }
    if (clock.now().getTime() >= until) throw last ?? notVisible(what, minutes)
    await clock.sleep(PAUSES_MILLISECONDS[Math.min(turn, PAUSES_MILLISECONDS.length - 1)] ?? MINUTE, signal)
  }
}

const notVisible = (what: string, minutes: number) =>
  new Problem({
    code: 'GRANT_NOT_VISIBLE_YET',
    owner: 'nobody',
    message: `Microsoft has not shown ${what} within ${minutes} minutes.`,
    nextStep: 'This mends itself; try again in a few minutes.',
    retry: 'backoff',
    confidence: 'probable',
  })
