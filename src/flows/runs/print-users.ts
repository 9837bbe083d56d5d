import { appToken } from '#entra/app-token.ts'
import { reportViolations } from '#flows/incidents/report-violations.ts'
import { userPages } from '#graph/users.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'entra' | 'graphAsApp'> & Parameters<typeof reportViolations>[0]

export type PrintedUsers = { claims: Record<string, unknown>; users: number }

/** The smallest daemon there is: a token for one tenant, its claims (never the token), and every user's name, all pages. */
export function printUsers(
  tools: Needs,
  {
    tenantId,
    signal,
    print,
  }: {
    tenantId: TenantId
    signal: AbortSignal
    print: { claims(claims: Record<string, unknown>): void; user(name: string): void }
  },
): Promise<PrintedUsers> {
  return reportViolations(tools, tenantId, async () => {
    const { claims } = await appToken(tools.entra, tenantId, {})
    print.claims(claims)
    let users = 0
    for await (const { items } of userPages(tools.graphAsApp(tenantId), { signal })) {
      for (const { displayName, id } of items) print.user(displayName ?? id)
      users += items.length
    }
    return { claims, users }
  })
}
