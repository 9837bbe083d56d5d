import { sql } from 'kysely'
import { codeOf } from '#base/code-of.ts'
import { Problem } from '#model/problem.ts'
import type { Store } from '#store/database/open.ts'

/** Nobody logs in as one of them: each unit of work takes the one that it needs. */
const ROLES = ['tenantry_tenant', 'tenantry_fleet', 'tenantry_author']

const NOT_ALLOWED = '42501'

/**
 * Sees to it that the roles are there and that the database's user may take them, at each migration: another database of
 * the server may have made them, and whoever makes a role on PostgreSQL 16 or newer may not take it by that. Where it can
 * be told (16 and newer), their rights are the user's only once it has taken them.
 * @see https://www.postgresql.org/docs/16/sql-createrole.html about CREATEROLE
 * @throws Problem CONFIGURATION_INVALID when the user may not do it, and nobody has done it for him
 */
export async function prepareRoles({ kysely }: Pick<Store, 'kysely'>): Promise<void> {
  for (const role of ROLES)
    try {
      await sql.raw(create(role)).execute(kysely)
      await sql.raw(join(role)).execute(kysely)
    } catch (error) {
      if (codeOf(error) === NOT_ALLOWED) throw notAllowed(role, error)
      throw error
    }
}

/** Roles belong to the whole server, and no lock reaches across its databases: hence the second tries. */
const create = (role: string): string => `
  do $$ begin
    if not exists (select from pg_catalog.pg_roles where rolname = '${role}') then
      create role ${role} nologin noinherit nobypassrls;
    end if;
  exception when duplicate_object or unique_violation then null;
  end $$`

const join = (role: string): string => `
  do $$ declare
    tells_apart constant boolean := current_setting('server_version_num')::int >= 160000;
    may_take boolean := pg_has_role(current_user, '${role}', case when tells_apart then 'set' else 'member' end);
  begin
    if may_take and not (tells_apart and pg_has_role(current_user, '${role}', 'usage')) then return; end if;
    for try in 1..20 loop
      begin
        execute format('grant ${role} to %I', current_user) || case when tells_apart then ' with inherit false, set true' else '' end;
        return;
      exception
        when insufficient_privilege then
          if may_take then return; end if;
          raise;
        when unique_violation or internal_error then
          if try = 20 then raise; end if;
          perform pg_sleep(0.05);
      end;
    end loop;
  end $$`

const notAllowed = (role: string, cause: unknown) =>
  new Problem(
    {
      code: 'CONFIGURATION_INVALID',
      owner: 'operator',
      message: `The database’s user may neither make the role ${role} nor take it.`,
      nextStep: `Give the user CREATEROLE, or let an administrator of the server run: ${ROLES.map((name) => `create role ${name} nologin noinherit nobypassrls`).join('; ')}; grant ${ROLES.join(', ')} to the user.`,
      retry: 'never',
      confidence: 'certain',
    },
    { cause },
  )
