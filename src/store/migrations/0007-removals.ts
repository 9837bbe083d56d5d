import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { GONE } from '#store/migrations/gone.ts'

// What a round has found gone stands in no generation until the round's end; these indexes hold nothing else.
const statements = [
  `create index resources_gone on tenantry.resources (tenant_id, kind) where generation = '${GONE}'`,
  `create index group_members_gone on tenantry.group_members (tenant_id) where generation = '${GONE}'`,
]

export const removals: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
