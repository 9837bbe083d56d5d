import type { JobContext } from '#jobs/names.ts'

/** What a worker hands to a job that has all places to itself and is never told to stop. */
export const aJobContext = (key: string | null, jobId = 'a-job'): JobContext => ({
  signal: new AbortController().signal,
  jobId,
  key,
  attempt: 0,
  leave: () => {},
  aside: (wait) => wait(),
  prepare: (wait) => wait(),
})
