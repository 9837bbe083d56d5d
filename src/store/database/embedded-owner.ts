import type { PGlite } from '@electric-sql/pglite'

/** As a server’s database has one: it owns its tables and may make roles, and row-level security binds it. */
const OWNER = 'tenantry_owner'

/** What an older release has left to the superuser. Indexes follow their tables, and so do types and columns’ sequences. */
const handOver = `
  do $$ declare
    thing record;
  begin
    for thing in
      select format('schema %I', nspname) as name from pg_catalog.pg_namespace
      where nspname in ('tenantry', 'pgboss') and nspowner <> '${OWNER}'::regrole
      union all
      select format('table %s', oid::regclass) from pg_catalog.pg_class
      where relnamespace in (select oid from pg_catalog.pg_namespace where nspname in ('tenantry', 'pgboss'))
        and relkind in ('r', 'p', 'v') and relowner <> '${OWNER}'::regrole
      union all
      select format('routine %s', oid::regprocedure) from pg_catalog.pg_proc
      where pronamespace in (select oid from pg_catalog.pg_namespace where nspname in ('tenantry', 'pgboss'))
        and proowner <> '${OWNER}'::regrole
      union all
      select format('type %s', oid::regtype) from pg_catalog.pg_type
      where typnamespace in (select oid from pg_catalog.pg_namespace where nspname in ('tenantry', 'pgboss'))
        and typtype = 'e' and typowner <> '${OWNER}'::regrole
    loop
      execute format('alter %s owner to ${OWNER}', thing.name);
    end loop;
    for thing in
      select rolname as name from pg_catalog.pg_roles where rolname in ('tenantry_tenant', 'tenantry_fleet')
        and not pg_has_role('${OWNER}', rolname, 'member')
    loop
      execute format('grant %I to ${OWNER} with admin true, inherit false, set true', thing.name);
    end loop;
  end $$`

/**
 * An embedded database opens as its superuser, whom no policy binds. From here on the session is the owner’s. The way
 * back, to set its authorization, is closed to what a job asks, which runs in a function of another role.
 */
export async function becomeOwner(pglite: PGlite): Promise<void> {
  await pglite.exec(`
    do $$ begin
      if not exists (select from pg_catalog.pg_roles where rolname = '${OWNER}') then
        create role ${OWNER} nologin createrole nobypassrls;
      end if;
      execute format('grant create on database %I to ${OWNER}', current_database());
    end $$;
    ${handOver};
    set session authorization ${OWNER}`)
}
