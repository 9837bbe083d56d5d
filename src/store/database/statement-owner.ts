import { sql } from 'kysely'
import type { Store } from '#store/database/open.ts'

/**
 * Whether statements of jobs’ authors are run with the authors’ rights: they have those of the function’s owner. Who restores
 * a backup without being a superuser becomes its owner himself, and is told so in one line among many.
 */
export async function isOfAuthors({ kysely }: Pick<Store, 'kysely'>): Promise<boolean> {
  const { rows } = await sql<{ owner: string }>`
    select pg_get_userbyid(proowner) as owner from pg_catalog.pg_proc
    where oid = 'tenantry.run_statement(text, jsonb)'::regprocedure`.execute(kysely)
  return rows[0]?.owner === 'tenantry_author'
}

/** Gives it back to them. Who is to own it has to be one who may create something there, at this moment. */
export async function giveToAuthors(store: Pick<Store, 'kysely'>): Promise<void> {
  if (await isOfAuthors(store)) return
  await store.kysely.transaction().execute(async (db) => {
    for (const statement of [
      'grant create on schema tenantry to tenantry_author',
      'alter function tenantry.run_statement owner to tenantry_author',
      'revoke create on schema tenantry from tenantry_author',
    ])
      await sql.raw(statement).execute(db)
  })
}
