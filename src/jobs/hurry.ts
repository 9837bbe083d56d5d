import { type JobName, type JobPayloads, keyOf } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'

const BEFORE_OTHERS = 10

/** Lets these go before all others of their kind that wait, however long they have been in the queue. */
export async function hurry<Name extends JobName>(
  { boss }: Jobs,
  name: Name,
  payloads: readonly JobPayloads[Name][],
): Promise<void> {
  if (payloads.length === 0) return
  await boss.getDb().executeSql(
    `update ${SCHEMA}.job set priority = ${BEFORE_OTHERS}
     where name = $1 and state < 'active' and singleton_key = any($2) and priority < ${BEFORE_OTHERS}`,
    [name, payloads.map((payload) => keyOf(name, payload))],
  )
}
