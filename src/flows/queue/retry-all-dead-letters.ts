import { retryDeadLetter } from '#flows/queue/retry-dead-letter.ts'
import { listDeadLetters } from '#jobs/dead-letters.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/** More than a fleet has tenants and jobs. */
const AT_MOST = 100_000

/**
 * Puts back into its queue whatever was given up until now: once the cause is mended, nobody names thousands one by one.
 * @param order.job only this one: its name, or the kind of job where it is none of the app’s own
 * @returns how many that were
 */
export async function retryAllDeadLetters(
  tools: Pick<Tools, 'jobs' | 'store'>,
  { actor, job, signal }: { actor: string; job?: string; signal: AbortSignal },
): Promise<number> {
  const letters = await listDeadLetters(tools.jobs, { limit: AT_MOST })
  let retried = 0
  for (const letter of letters) {
    if (job !== undefined && job !== (letter.job ?? letter.name)) continue
    signal.throwIfAborted()
    if (await retry(tools, { id: letter.id, actor })) retried += 1
  }
  return retried
}

/** @returns whether it still lay there: somebody may have tried it, or the work gone well, meanwhile */
async function retry(tools: Pick<Tools, 'jobs' | 'store'>, order: { id: string; actor: string }): Promise<boolean> {
  try {
    await retryDeadLetter(tools, order)
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'JOB_UNKNOWN') return false
    throw error
  }
}
