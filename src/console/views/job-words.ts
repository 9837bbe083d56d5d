import type { QueueDepth } from '#jobs/inspect.ts'

const JOBS: Record<QueueDepth['name'], string> = {
  'sync-tenant': 'Read a directory',
  'verify-tenant': 'Verify a tenant',
  'run-job': 'Run the app’s own jobs',
  watch: 'Look after incidents, ask who has left',
  'plan-jobs': 'Plan what to do',
  tidy: 'Tidy up',
  'dead-letter': 'Given up',
}

/** A kind of work, as operators read it; a job of the app’s own has a name of its own. */
export const jobInWords = (name: string): string => (name in JOBS ? JOBS[name as QueueDepth['name']] : name)
