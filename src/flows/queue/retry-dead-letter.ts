import { bringForward } from '#jobs/bring-forward.ts'
import { type DeadLetter, findDeadLetter, removeDeadLetters } from '#jobs/dead-letters.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

/**
 * Puts a job that was given up back into its queue. When it waits there already, it does not wait twice. One that names no
 * tenant, which nobody of ours makes, is only taken off the list: nothing can be done for it.
 * @param order.tenantId whose it must be, where somebody asks for one tenant
 * @throws Problem JOB_UNKNOWN
 */
export async function retryDeadLetter(
  { jobs, store }: Pick<Tools, 'jobs' | 'store'>,
  { id, actor, tenantId }: { id: string; actor: string; tenantId?: TenantId },
): Promise<DeadLetter> {
  const letter = await findDeadLetter(jobs, id)
  if (!letter || (tenantId !== undefined && letter.tenantId !== tenantId)) throw gone()
  const { name, job } = letter
  const payload = letter.tenantId && (job === null ? { tenantId: letter.tenantId } : { tenantId: letter.tenantId, job })
  await asFleet(store, async (sql) => {
    if (payload) await enqueue(jobs, sql, name, payload as never)
    await addAudit(sql, {
      tenantId: letter.tenantId,
      actor,
      action: 'job.retried',
      detail: { job: job ?? name },
    })
  })
  if (payload) await bringForward(jobs, name, payload as never)
  await removeDeadLetters(jobs, [id])
  return letter
}

const gone = () =>
  new Problem({
    code: 'JOB_UNKNOWN',
    owner: 'operator',
    message: 'There is no such job among those that were given up.',
    nextStep: 'Look at `tenantry jobs dead`; somebody may have tried it again already.',
    retry: 'never',
    confidence: 'certain',
  })
