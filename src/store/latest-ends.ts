import { type RawBuilder, sql as raw } from 'kysely'
import type { Diagnosis } from '#model/problem.ts'
import { storableJson } from '#store/database/storable.ts'

/**
 * Writes down how runs have ended, as a part of the statement that ends them.
 * @param ended the name of its rows, with tenant_id and job; of each tenant and job one
 */
export const noteEnds = (
  ended: RawBuilder<unknown>,
  { state, diagnosis, at }: { state: 'succeeded' | 'failed'; diagnosis: Diagnosis | null; at: RawBuilder<Date> },
): RawBuilder<unknown> => raw`
  insert into tenantry.latest_ends as known (tenant_id, job, state, diagnosis, ended_at, succeeded_at)
  select tenant_id, job, ${state}, ${storableJson(diagnosis)}::jsonb, ${at},
    ${state === 'succeeded' ? at : raw`null::timestamptz`} from ${ended}
  on conflict (tenant_id, job) do update set state = excluded.state, diagnosis = excluded.diagnosis,
    ended_at = excluded.ended_at, succeeded_at = coalesce(excluded.succeeded_at, known.succeeded_at)`
