import { sql } from 'kysely'
import type { Store } from '#store/database/open.ts'
import type { Scope } from '#test/support/suite-scope.ts'

/**
 * Until the scope ends the database refuses to write such rows: a fault in the middle of what follows from another one.
 * @param when SQL about `new`
 */
export async function refuseWrites(
  scope: Scope,
  { kysely }: Pick<Store, 'kysely'>,
  table: string,
  when: string,
): Promise<void> {
  const ask = async (...statements: readonly string[]) => {
    for (const statement of statements) await sql.raw(statement).execute(kysely)
  }
  await ask(
    `create or replace function tenantry.refuse_write() returns trigger language plpgsql as
      $$ begin raise exception 'this write is refused by the test'; end $$`,
    `create trigger refused before insert or update on tenantry.${table}
      for each row when (${when}) execute function tenantry.refuse_write()`,
  )
  scope.after(() => ask(`drop trigger refused on tenantry.${table}`))
}
