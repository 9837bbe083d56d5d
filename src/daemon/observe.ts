import type { JobContext, JobName, TaskTable } from '#jobs/names.ts'
import { diagnose } from '#model/problem.ts'
import { inSpan } from '#telemetry/open.ts'
import type { Tools } from '#tools.ts'

/** The same tasks, counted and timed, each in a span of its own. */
export function observe(
  tasks: TaskTable,
  { telemetry, clock, config }: Pick<Tools, 'telemetry' | 'clock' | 'config'>,
): TaskTable {
  const ownJobs = new Set(config.app.jobs?.map(({ name }) => name))
  /** The app's own jobs by their names, as far as they are known: there are as many series as jobs. */
  const named = (name: JobName, { job }: { job?: string } = {}) => (job !== undefined && ownJobs.has(job) ? job : name)
  const watched = (name: JobName) => async (payload: never, context: JobContext) => {
    const began = clock.now().getTime()
    let outcome = 'done'
    try {
      const about = () => ({ 'tenantry.attempt': context.attempt, ...attributesOf(payload ?? undefined) })
      await inSpan(`job ${name}`, about, () => tasks[name](payload, context))
    } catch (error) {
      outcome = context.signal.aborted ? 'INTERRUPTED' : diagnose(error).code
      throw error
    } finally {
      telemetry.jobEnded(named(name, payload ?? undefined), outcome, (clock.now().getTime() - began) / 1_000)
    }
  }
  return Object.fromEntries(
    (Object.keys(tasks) as JobName[]).map((name) => [
      name,
      Object.assign(watched(name), {
        prepares: tasks[name].prepares ?? false,
        isLeft: () => tasks[name].isLeft?.() ?? false,
      }),
    ]),
  ) as TaskTable
}

const attributesOf = ({ tenantId, job }: { tenantId?: string; job?: string } = {}) => ({
  ...(tenantId ? { 'tenantry.tenant': tenantId } : {}),
  ...(job ? { 'tenantry.job': job } : {}),
})
