import { sql as raw } from 'kysely'
import type { ObjectId, SignUpId, TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'
import type { ProgressStep, SignUp, SignUpState } from '#model/sign-up.ts'
import type { AnySql, FleetSql, TenantSql } from '#store/database/open.ts'
import { storableJson } from '#store/database/storable.ts'

type Row = {
  id: SignUpId
  state: SignUpState
  invited_tenant_id: TenantId | null
  tenant_id: TenantId | null
  administrator_id: ObjectId | null
  progress: ProgressStep[]
  diagnosis: Diagnosis | null
  created_at: Date
  expires_at: Date
  updated_at: Date
}

const toSignUp = (row: Row): SignUp => ({
  id: row.id,
  state: row.state,
  invitedTenantId: row.invited_tenant_id,
  tenantId: row.tenant_id,
  administratorId: row.administrator_id,
  progress: row.progress,
  diagnosis: row.diagnosis,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  updatedAt: row.updated_at,
})

export async function addSignUp(
  { db, at }: FleetSql,
  signUp: { id: SignUpId; stateHash: string; invitedTenantId: TenantId | null; validMinutes: number },
): Promise<void> {
  await raw`
    insert into tenantry.sign_ups (id, state_hash, state, invited_tenant_id, created_at, expires_at, updated_at)
    values (${signUp.id}, ${signUp.stateHash}, 'begun', ${signUp.invitedTenantId}, ${at},
      ${at} + make_interval(mins => ${signUp.validMinutes}::int), ${at})`.execute(db)
}

/** Uses a state up: of any number of callers at once exactly one is told `taken`. */
export async function takeSignUp(
  { db, at }: FleetSql,
  { stateHash }: { stateHash: string },
): Promise<'taken' | 'unknown' | 'used' | 'expired'> {
  const taken = await raw`
    update tenantry.sign_ups set taken_at = ${at}, updated_at = ${at}
    where state_hash = ${stateHash} and taken_at is null and expires_at > ${at} returning id`.execute(db)
  if (taken.rows.length > 0) return 'taken'
  const { rows } = await raw<{ used: boolean }>`
    select taken_at is not null as used from tenantry.sign_ups where state_hash = ${stateHash}`.execute(db)
  if (!rows[0]) return 'unknown'
  return rows[0].used ? 'used' : 'expired'
}

export async function findSignUp({ db }: AnySql, id: SignUpId): Promise<SignUp | null> {
  const { rows } = await raw<Row>`select * from tenantry.sign_ups where id = ${id}`.execute(db)
  return rows[0] ? toSignUp(rows[0]) : null
}

export type SignUpChange = {
  state?: SignUpState
  tenantId?: TenantId
  administratorId?: ObjectId
  progress?: readonly ProgressStep[]
  diagnosis?: Diagnosis | null
}

/**
 * One that is connected has come to its end: only what it shows may still change. Else whoever holds an old step could
 * bring a tenant back that was ended since.
 */
export async function updateSignUp(
  { db, at }: FleetSql,
  id: SignUpId,
  change: SignUpChange,
): Promise<'changed' | 'connected-already'> {
  const { rows } = await raw`
    update tenantry.sign_ups set
      state = coalesce(${change.state ?? null}, state),
      tenant_id = coalesce(${change.tenantId ?? null}::uuid, tenant_id),
      administrator_id = coalesce(${change.administratorId ?? null}::uuid, administrator_id),
      progress = coalesce(${change.progress ? storableJson(change.progress) : null}::jsonb, progress),
      diagnosis = case when ${change.diagnosis !== undefined} then ${storableJson(change.diagnosis ?? null)}::jsonb else diagnosis end,
      updated_at = ${at}
    where id = ${id} and (state <> 'connected' or ${change.state === undefined}) returning id`.execute(db)
  return rows.length === 0 && (await isConnected(db, id)) ? 'connected-already' : 'changed'
}

/** The end of the way, in the same transaction as the tenant itself; once. */
export async function connectSignUp({ db, at }: TenantSql, id: SignUpId): Promise<'connected' | 'connected-already'> {
  const { rows } = await raw`
    update tenantry.sign_ups set state = 'connected', diagnosis = null, updated_at = ${at}
    where id = ${id} and state <> 'connected' returning id`.execute(db)
  return rows.length === 0 && (await isConnected(db, id)) ? 'connected-already' : 'connected'
}

async function isConnected(db: AnySql['db'], id: SignUpId): Promise<boolean> {
  const { rows } = await raw`select from tenantry.sign_ups where id = ${id} and state = 'connected'`.execute(db)
  return rows.length > 0
}

const NOT_BACK_YET = raw`state = 'begun' and taken_at is null`

/**
 * Lets go of the oldest sign-ups that nobody has come back from yet, until there are fewer than `most` of them. Of those
 * who begin at the same moment one does it, and counts again first; each would take others away than the one before.
 */
export async function makeRoomForSignUp({ db }: FleetSql, { most }: { most: number }): Promise<void> {
  const open = raw<number>`(select count(*) from tenantry.sign_ups where ${NOT_BACK_YET})`
  const { rows } = await raw<{ ours: boolean }>`
    select pg_try_advisory_xact_lock(hashtext('tenantry.sign_ups')) as ours where ${open} >= ${most}`.execute(db)
  if (!rows[0]?.ours) return
  await raw`
    delete from tenantry.sign_ups where id in (
      select id from tenantry.sign_ups where ${NOT_BACK_YET}
      order by created_at limit greatest(0, ${open} - ${most}::int + 1))`.execute(db)
}

const KEPT_DAYS = 7

/** Sign-ups that nobody came back from go at once; the others stay a week for whoever asks what happened. */
export async function removeExpiredSignUps({ db, at }: FleetSql): Promise<void> {
  await raw`
    delete from tenantry.sign_ups
    where (state = 'begun' and taken_at is null and expires_at < ${at}) or updated_at < ${at} - make_interval(hours => 24 * ${KEPT_DAYS}::int)`.execute(
    db,
  )
}
