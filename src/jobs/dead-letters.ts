import { DEAD_LETTER, type JobName, QUEUES } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'

/** A job that failed on every try. It lies there until somebody tries it again. */
export type DeadLetter = {
  id: string
  name: JobName
  tenantId: TenantId | null
  /** Which of the app's own jobs, where it is one. */
  job: string | null
  /** Our code of what it failed with last. */
  code: string | null
  diedAt: Date
}

type Row = { id: string; source_name: string; data: Payload; source_output: unknown; created_on: Date }
type Payload = { tenantId?: TenantId; job?: string } | null

const toDeadLetter = ({ id, source_name, data, source_output, created_on }: Row): DeadLetter => ({
  id,
  name: source_name as JobName,
  tenantId: data?.tenantId ?? null,
  job: data?.job ?? null,
  code: codeIn(source_output),
  diedAt: new Date(created_on),
})

/** The latest first, of one tenant or of all. */
export async function listDeadLetters(
  { boss }: Jobs,
  { tenantId, limit = 100 }: { tenantId?: TenantId; limit?: number } = {},
): Promise<DeadLetter[]> {
  const { rows } = await boss.getDb().executeSql(
    `select id, source_name, data, source_output, created_on from ${SCHEMA}.job
     where name = $1 and state in ('created', 'retry') and source_name = any($2)
       and ($3::text is null or data->>'tenantId' = $3)
     order by created_on desc limit $4`,
    [DEAD_LETTER, Object.keys(QUEUES), tenantId ?? null, limit],
  )
  return (rows as Row[]).map(toDeadLetter)
}

/** Null when it is not there, or not any more. */
export async function findDeadLetter({ boss }: Jobs, id: string): Promise<DeadLetter | null> {
  const { rows } = await boss.getDb().executeSql(
    `select id, source_name, data, source_output, created_on from ${SCHEMA}.job
     where name = $1 and state in ('created', 'retry') and source_name = any($2) and id::text = $3`,
    [DEAD_LETTER, Object.keys(QUEUES), id],
  )
  return (rows as Row[]).map(toDeadLetter)[0] ?? null
}

/** Of the same work the last letter is kept: it tells what stands in the way now. */
export const keepLastDeadLetters = async ({ boss }: Jobs): Promise<void> => {
  await boss.getDb().executeSql(
    `delete from ${SCHEMA}.job l where name = $1 and state in ('created', 'retry') and exists (
       select 1 from ${SCHEMA}.job later where later.name = $1 and later.state in ('created', 'retry')
         and later.source_name = l.source_name and later.data = l.data
         and (later.created_on, later.id) > (l.created_on, l.id))`,
    [DEAD_LETTER],
  )
}

export const removeDeadLetters = async ({ boss }: Jobs, ids: readonly string[]): Promise<void> => {
  if (ids.length > 0) await boss.deleteJob(DEAD_LETTER, [...ids])
}

const codeIn = (output: unknown): string | null =>
  typeof output === 'object' && output !== null && 'code' in output && typeof output.code === 'string'
    ? output.code
    : null
