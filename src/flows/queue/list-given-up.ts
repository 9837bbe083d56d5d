import { type DeadLetter, listDeadLetters } from '#jobs/dead-letters.ts'
import type { TenantId } from '#model/ids.ts'
import { findJob } from '#model/job.ts'
import type { Tools } from '#tools.ts'

export type GivenUp = DeadLetter & {
  /** It names no tenant, or a job that the configuration has no more: it cannot succeed, and to try it again only takes it off the list. */
  isGone: boolean
}

/** What failed on every try, the latest first, of one tenant or of all. */
export async function listGivenUp(
  { jobs, config }: Pick<Tools, 'jobs' | 'config'>,
  options: { tenantId?: TenantId; limit?: number } = {},
): Promise<GivenUp[]> {
  const letters = await listDeadLetters(jobs, options)
  return letters.map((letter) => ({
    ...letter,
    isGone: letter.tenantId === null || (letter.job !== null && findJob(config.app.jobs, letter.job) === null),
  }))
}
