import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What a job of one's own may read of ours. */
const TO_READ = [
  ['tenants', 'id'],
  ['grants', 'tenant_id'],
  ['resources', 'tenant_id'],
  ['group_members', 'tenant_id'],
  ['sync_runs', 'tenant_id'],
  ['job_checkpoints', 'tenant_id'],
] as const

/**
 * What jobs' authors ask is run as a role of its own, in a function: there PostgreSQL lets nothing change the role, neither
 * SET nor set_config. A setting can be changed there like everywhere, so the tenant is one that is signed. The key is the
 * owner's alone, and a signature counts in one transaction of one connection.
 * @see https://www.postgresql.org/docs/current/sql-set-role.html “SET ROLE cannot be used within a SECURITY DEFINER function.”
 */
const statements = [
  'create table tenantry.signing_key (value bytea not null)',
  `insert into tenantry.signing_key
    select decode(replace(concat(gen_random_uuid(), gen_random_uuid()), '-', ''), 'hex')`,
  `create function tenantry.sign_tenant(tenant text) returns text
    language sql stable security definer set search_path = pg_catalog, pg_temp
    return (select encode(sha256(value || sha256(value || convert_to(
      concat_ws(' ', tenant, pg_backend_pid(), extract(epoch from transaction_timestamp())), 'utf8'))), 'hex')
      from tenantry.signing_key)`,
  'revoke all on function tenantry.sign_tenant from public',
  `create function tenantry.current_tenant() returns uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
    return (select case when signature = tenantry.sign_tenant(tenant) then tenant::uuid end from (
      select split_part(claim, ' ', 1) as tenant, split_part(claim, ' ', 2) as signature
      from (select current_setting('tenantry.author', true) as claim) setting) parts)`,
  'revoke all on function tenantry.current_tenant from public',
  'grant execute on function tenantry.current_tenant to tenantry_author',
  'grant usage on schema tenantry to tenantry_author',
  ...TO_READ.flatMap(([table, column]) => [
    `grant select on tenantry.${table} to tenantry_author`,
    `create policy author on tenantry.${table} for select to tenantry_author
      using (${column} = (select tenantry.current_tenant()))`,
  ]),
  // A prepared statement is a SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES, and its parameters take the types that it
  // wants. One that brings rows has a cursor, another has none.
  `create function tenantry.run_statement(statement text, parameters jsonb) returns setof json
    language plpgsql volatile security definer as $$
    declare
      call text;
      answer refcursor;
      line record;
    begin
      if statement like '%;%' then raise exception 'one statement, without a semicolon' using errcode = '42601'; end if;
      if exists (select from pg_catalog.pg_prepared_statements where name = 'tenantry_statement') then
        deallocate tenantry_statement;
      end if;
      execute concat('prepare tenantry_statement as ', statement);
      select concat('execute tenantry_statement', nullif(concat('(', string_agg(quote_nullable(value), ', ' order by position), ')'), '()'))
        into call from jsonb_array_elements_text(parameters) with ordinality as given (value, position);
      begin
        open answer for execute call;
      exception when invalid_cursor_definition then
        execute call;
      end;
      if answer is not null then
        loop
          fetch answer into line;
          exit when not found;
          return next row_to_json(line);
        end loop;
        close answer;
      end if;
      deallocate tenantry_statement;
    end $$`,
  'revoke all on function tenantry.run_statement from public',
  'grant execute on function tenantry.run_statement to tenantry_tenant',
  // Who is to own it has to be one who may create something there, at this moment.
  'grant create on schema tenantry to tenantry_author',
  'alter function tenantry.run_statement owner to tenantry_author',
  'revoke create on schema tenantry from tenantry_author',
]

export const authors: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
