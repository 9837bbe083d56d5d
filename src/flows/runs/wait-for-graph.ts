import type { RunId, TenantId } from '#model/ids.ts'
import { type Diagnosis, Problem } from '#model/problem.ts'
import { asTenant, type TenantSql } from '#store/database/open.ts'
import { letRunWait } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

const SECOND = 1_000
/** Graph that has let nothing through for so long is not busy but broken, or has something against us. */
const GIVEN_UP_AFTER_HOURS = 4
/** In hours it is asked far more often than this: who was put off fewer times was not asking. */
const GIVEN_UP_AFTER_WAITS = 10
/** Graph’s own word is enough for the first wait; who is put off again and again asks more and more rarely. */
const SECOND_WAIT_MILLISECONDS = 5 * SECOND
const LONGEST_WAIT_MILLISECONDS = 900 * SECOND

/**
 * Graph, or Entra ID, asks for patience that is longer than a worker should wait: the run waits and its continuation is queued, both or
 * neither.
 * @param putOff queues the continuation, due in so long, in the same transaction
 * @returns null; or, when the run has got nowhere for hours, what it is to fail with instead: then nothing was changed
 */
export async function waitForGraph(
  { store }: Pick<Tools, 'store'>,
  { tenantId, runId, diagnosis }: { tenantId: TenantId; runId: RunId; diagnosis: Diagnosis },
  putOff: (sql: TenantSql, milliseconds: number) => Promise<unknown>,
): Promise<Problem | null> {
  try {
    await asTenant(store, tenantId, async (sql) => {
      const { waits, hours } = await letRunWait(sql, runId, { refused: diagnosis })
      if (hours >= GIVEN_UP_AFTER_HOURS && waits >= GIVEN_UP_AFTER_WAITS) throw gotNowhere(diagnosis)
      const stated = (diagnosis.retryAfterSeconds ?? 0) * SECOND
      const pause = Math.max(stated, waitOfOurOwn(stated > 0 ? waits : waits + 1))
      await putOff(sql, pause)
    })
    return null
  } catch (error) {
    if (error instanceof Problem && error.code === 'THROTTLED') return error
    throw error
  }
}

/** With jitter: many tenants may have been put off in the same moment. */
function waitOfOurOwn(waits: number): number {
  if (waits <= 1) return 0
  const longest = Math.min(SECOND_WAIT_MILLISECONDS * 2 ** (waits - 2), LONGEST_WAIT_MILLISECONDS)
  return longest * (1 - Math.random() / 4)
}

const gotNowhere = ({ retryAfterSeconds: _asked, ...diagnosis }: Diagnosis) =>
  new Problem({
    ...diagnosis,
    owner: 'microsoft',
    message: `For ${GIVEN_UP_AFTER_HOURS} hours Microsoft has only asked for patience. The last time: ${diagnosis.message}`,
    nextStep:
      'It is tried again once an hour. If it lasts, ask the customer whether other apps read much there, and Microsoft’s support.',
    retry: 'slowly',
  })
