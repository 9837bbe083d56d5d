import { appToken } from '#entra/app-token.ts'
import { userPages } from '#graph/users.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tools } from '#tools.ts'

export type PrintedUsers = { claims: Record<string, unknown>; users: number }

/** The smallest daemon there is: a token for one tenant, its claims (never the token), and every user's name, all pages. */
export async function printUsers(
  { entra, graphAsApp }: Pick<Tools, 'entra' | 'graphAsApp'>,
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
  const { claims } = await appToken(entra, tenantId, {})
  print.claims(claims)
  let users = 0
  for await (const { items } of userPages(graphAsApp(tenantId), { signal })) {
    for (const { displayName, id } of items) print.user(displayName ?? id)
    users += items.length
  }
  return { claims, users }
}
