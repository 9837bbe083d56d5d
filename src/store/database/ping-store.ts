import { sql as raw } from 'kysely'
import type { Store } from '#store/database/open.ts'
import { isDiskFull } from '#store/database/unreachable.ts'

const PING_MILLISECONDS = 3_000

/** Whether the database answers now, and takes writes. */
export const pingStore = (store: Store): Promise<boolean> => inTime(takesWrites(store))

/** Whether it answers now, though it may take no writes. */
export const answers = ({ kysely }: Pick<Store, 'kysely'>): Promise<boolean> =>
  inTime(raw`select 1`.execute(kysely).then(() => true))

/** One that has stopped answering, but is still connected, is waited for as long as any other. */
async function inTime(asked: Promise<boolean>): Promise<boolean> {
  const patience = AbortSignal.timeout(PING_MILLISECONDS)
  const gone = new Promise<boolean>((settle) => patience.addEventListener('abort', () => settle(false), { once: true }))
  return Promise.race([asked.catch(() => false), gone])
}

async function takesWrites(store: Store): Promise<boolean> {
  const { rows } = await raw<{ closed: boolean }>`
    select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as closed`.execute(store.kysely)
  if (rows[0]?.closed) return false
  if (store.full) store.full = await lacksRoom(store)
  return !store.full
}

/** Nothing tells that a full disk has room again but trying to take some. */
const lacksRoom = async ({ kysely }: Store): Promise<boolean> => {
  try {
    await kysely.transaction().execute((db) =>
      raw`create temporary table room on commit drop as
        select repeat('x', 1000) as filling from generate_series(1, 1000)`.execute(db),
    )
    return false
  } catch (error) {
    return isDiskFull(error)
  }
}
