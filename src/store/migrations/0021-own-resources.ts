import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What readings asked for until now: path, properties in the order of their names, key. */
const ASKED_FOR = {
  organization: '/organization?countryLetterCode,displayName,id,verifiedDomains#id',
  subscribedSku: '/subscribedSkus?capabilityStatus,consumedUnits,id,prepaidUnits,skuId,skuPartNumber#skuId',
  user: '/users/delta?accountEnabled,department,displayName,givenName,id,jobTitle,mail,surname,userPrincipalName,userType#id',
  group: '/groups/delta?description,displayName,groupTypes,id,mail,mailEnabled,members,securityEnabled,visibility#id',
  servicePrincipal:
    '/servicePrincipals/delta?accountEnabled,appId,appOwnerOrganizationId,displayName,id,servicePrincipalType#id',
}

const hash = (text: string) => `left(encode(sha256(convert_to('${text}', 'UTF8')), 'hex'), 16)`

const statements = [
  // Counted by kind, so that another kind takes no other column.
  `alter table tenantry.sync_runs add column counts jsonb not null default '{}'`,
  // Row-level security binds whoever migrates, too, so the fleet does it.
  'set local role tenantry_fleet',
  `update tenantry.sync_runs
    set counts = jsonb_strip_nulls(jsonb_build_object('user', nullif(users, 0), 'group', nullif(groups, 0)))
    where users > 0 or groups > 0`,
  'reset role',
  'alter table tenantry.sync_runs drop column users, drop column groups',
  // What a reading asks for, so that one that asks for something else begins anew. What stands here already goes on.
  'alter table tenantry.sync_cursors add column fingerprint text',
  // The fleet sees none of these rows unless it names their tenants; unforced, the policies do not bind the tables’ owner.
  'alter table tenantry.sync_cursors no force row level security',
  `update tenantry.sync_cursors set fingerprint = case kind ${Object.entries(ASKED_FOR)
    .map(([kind, text]) => `when '${kind}' then ${hash(text)}`)
    .join(' ')} end`,
  'alter table tenantry.sync_cursors force row level security',
]

export const ownResources: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
