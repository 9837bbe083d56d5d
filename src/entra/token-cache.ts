import type { AppToken } from '#entra/app-token.ts'
import type { TenantId } from '#model/ids.ts'

/** App-only tokens by tenant, the least recently used dropped first: bounded memory, constant cost. */
export type TokenCache = {
  get(tenantId: TenantId): AppToken | null
  set(token: AppToken): void
  delete(tenantId: TenantId): void
}

/** About 2 KB each: some 50 MB when full. */
const MAX_TOKENS = 25_000

export function openTokenCache(): TokenCache {
  const tokens = new Map<TenantId, AppToken>()
  return {
    get(tenantId) {
      const token = tokens.get(tenantId)
      if (!token) return null
      tokens.delete(tenantId)
      tokens.set(tenantId, token)
      return token
    },
    set(token) {
      tokens.delete(token.tenantId)
      tokens.set(token.tenantId, token)
      if (tokens.size <= MAX_TOKENS) return
      const oldest = tokens.keys().next().value
      if (oldest !== undefined) tokens.delete(oldest)
    },
    delete: (tenantId) => tokens.delete(tenantId),
  }
}
