import { sql, type Transaction } from 'kysely'
import type { Store } from '#store/database/open.ts'

/**
 * Does something with the rows of all tenants, as only a test may: for one transaction, the tables’ owner is not bound by
 * row-level security. It waits for whatever else is under way; where the fleet sees enough, use `asFleet`.
 */
export const seeingAllRows = <Value>(
  { kysely }: Pick<Store, 'kysely'>,
  // biome-ignore lint/suspicious/noExplicitAny: as in the store
  work: (db: Transaction<any>) => Promise<Value>,
): Promise<Value> =>
  kysely.transaction().execute(async (db) => {
    await sql.raw(bind('no force')).execute(db)
    const value = await work(db)
    await sql.raw(bind('force')).execute(db)
    return value
  })

const bind = (how: 'force' | 'no force'): string => `
  do $$ declare name regclass; begin
    for name in select oid from pg_class where relnamespace = 'tenantry'::regnamespace and relrowsecurity order by oid loop
      execute format('alter table %s ${how} row level security', name);
    end loop;
  end $$`
