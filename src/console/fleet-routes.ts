import type { Handler } from 'hono'
import { show } from '#console/answers.ts'
import { readAuditQuery } from '#console/audit-query.ts'
import type { Door, Env } from '#console/door.ts'
import { PAGE_SIZE, readListQuery } from '#console/tenant-list-query.ts'
import { auditView } from '#console/views/audit-view.ts'
import { overviewView } from '#console/views/overview-view.ts'
import { plainView } from '#console/views/plain-view.ts'
import { tenantListView } from '#console/views/tenant-list-view.ts'
import { pageOfAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { searchTenants } from '#store/search-tenants.ts'
import { tenantNames } from '#store/tenant-names.ts'

const unknownQuery = plainView(
  'That cannot be looked for',
  'The address asks for something that the list does not know.',
)

const AUDIT_ENTRIES = 100

export const overview =
  (door: Door): Handler<Env> =>
  async (c) =>
    show(c, door, overviewView(await door.fleet.look(), { landingUrl: door.tools.config.publicUrl }))

export const tenants =
  (door: Door): Handler<Env> =>
  async (c) => {
    const { store, clock, config } = door.tools
    const query = readListQuery(c.req.query())
    if (!query) return show(c, door, unknownQuery, 400)
    const { page, ...search } = query
    const found = await asFleet(store, (sql) =>
      searchTenants(sql, { ...search, limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE }),
    )
    return show(c, door, tenantListView(query, found, { now: clock.now(), landingUrl: config.publicUrl }))
  }

export const audit =
  (door: Door): Handler<Env> =>
  async (c) => {
    const asked = readAuditQuery(c.req.query())
    if (!asked) return show(c, door, unknownQuery, 400)
    const page = await asFleet(door.tools.store, async (sql) => {
      const { before, refused } = asked
      const found = await pageOfAudit(sql, { limit: AUDIT_ENTRIES, before, withoutRefusals: !refused })
      const tenantIds = found.entries.flatMap(({ tenantId }) => tenantId ?? [])
      return auditView({
        ...asked,
        ...found,
        names: await tenantNames(sql, tenantIds),
      })
    })
    return show(c, door, page)
  }
