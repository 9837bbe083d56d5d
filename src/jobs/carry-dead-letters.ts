import { DEAD_LETTER } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'

type Row = { id: string; data: object | null; rest: string }

const AT_A_TIME = 500

/**
 * Copies what was given up into another queue, with its cause, its moment and its id; what is there already stays as it
 * is. What merely waits is not copied: it is planned anew.
 * @returns how many lie in the first queue
 */
export async function carryDeadLetters(from: Jobs, to: Jobs): Promise<number> {
  const { rows } = await from.boss.getDb().executeSql(
    `select id, data, to_jsonb(j)::text as rest from ${SCHEMA}.job j
     where name = $1 and state in ('created', 'retry') order by created_on, id`,
    [DEAD_LETTER],
  )
  const letters = rows as Row[]
  for (let start = 0; start < letters.length; start += AT_A_TIME) {
    const some = letters.slice(start, start + AT_A_TIME)
    await to.boss.insert(
      DEAD_LETTER,
      some.map(({ id, data }) => ({ id, ...(data ? { data } : {}) })),
    )
    await to.boss.getDb().executeSql(
      `update ${SCHEMA}.job j set created_on = o.created_on, source_name = o.source_name, source_id = o.source_id,
         source_created_on = o.source_created_on, source_retry_count = o.source_retry_count, source_output = o.source_output
       from jsonb_to_recordset($2::jsonb) as o(id uuid, created_on timestamptz, source_name text, source_id uuid,
         source_created_on timestamptz, source_retry_count int, source_output jsonb)
       where j.name = $1 and j.id = o.id and j.source_name is null`,
      [DEAD_LETTER, `[${some.map(({ rest }) => rest).join(',')}]`],
    )
  }
  return letters.length
}
