import { checkPermissions } from '#flows/runs/check-permissions.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobDefinition } from '#model/job.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * What stopped a job's own code. When Graph refuses although the tenant grants all that the job declares, the fault is
 * the job's and not the customer's; the tenant is asked before anything is said about it.
 */
export async function diagnoseJob(
  { entra }: Pick<Tools, 'entra'>,
  { tenantId, definition, error }: { tenantId: TenantId; definition: JobDefinition; error: unknown },
): Promise<Problem> {
  const { name, permissions } = definition
  if (!(error instanceof Problem)) return failed(name, error)
  if (!['PERMISSION_MISSING', 'TOKEN_REFUSED'].includes(error.code)) return error
  await checkPermissions({ entra }, { tenantId, permissions, fresh: true })
  return new Problem(
    {
      ...error.diagnosis,
      code: 'GRAPH_REFUSED',
      owner: 'operator',
      message: `Microsoft Graph refuses what the job ${name} asks, though the tenant grants all that the job declares.`,
      nextStep: 'Declare the permission that the request needs, or leave the request out of the job.',
      retry: 'slowly',
    },
    { cause: error },
  )
}

/** The error itself goes to the log only: its text may hold anything. */
const failed = (name: string, error: unknown): Problem =>
  new Problem(
    {
      code: 'JOB_FAILED',
      owner: 'operator',
      message: `The job ${name} failed with an error of its own.`,
      nextStep: 'Look the job and the tenant up in the log; it is tried again by itself a few times.',
      retry: 'backoff',
      confidence: 'certain',
    },
    { cause: error },
  )

export const timedOut = (name: string): Problem =>
  new Problem({
    code: 'JOB_TIMED_OUT',
    owner: 'operator',
    message: `The job ${name} took longer than it may and was stopped.`,
    nextStep: 'Give it a longer `timeoutMinutes`, or let it save a checkpoint and end sooner.',
    retry: 'backoff',
    confidence: 'certain',
  })

export const jobUnknown = (name: string, jobs: readonly JobDefinition[] = []): Problem =>
  new Problem({
    code: 'JOB_UNKNOWN',
    owner: 'operator',
    message: `There is no job called ${name}.`,
    nextStep: `The configuration has: ${jobs.map((job) => job.name).join(', ') || 'no jobs of its own'}. A process that runs has the one that it was started with.`,
    retry: 'never',
    confidence: 'certain',
  })
