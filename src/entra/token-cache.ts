import type { AppToken } from '#entra/app-token.ts'
import type { TenantId } from '#model/ids.ts'

/** App-only tokens by tenant: bounded memory, and a hit is one look-up however many there are. */
export type TokenCache = {
  /** The token that may still be used at `now`, in milliseconds; null when there is none or it is time for a new one. */
  get(tenantId: TenantId, now: number): Promise<AppToken> | null
  set(token: AppToken): void
  delete(tenantId: TenantId): void
}

const RENEW_BEFORE_MILLISECONDS = 5 * 60_000

/** The promise is kept, not made at every hit, and the time in whole seconds: a hit reads little from memory. */
type Kept = { token: Promise<AppToken>; renewAtSeconds: number }

/** About 2 KB each: some 100 MB when both halves are full. */
const MAX_TOKENS_OF_A_HALF = 25_000

/**
 * Two halves instead of an order of use that would have to be kept with every hit: when the young half is full it becomes
 * the old one, and what nobody has asked for since is dropped with the old half before it.
 */
export function openTokenCache(maxOfAHalf = MAX_TOKENS_OF_A_HALF): TokenCache {
  let young = new Map<TenantId, Kept>()
  let old = new Map<TenantId, Kept>()
  const keep = (tenantId: TenantId, kept: Kept) => {
    if (young.size >= maxOfAHalf) {
      old = young
      young = new Map()
    }
    young.set(tenantId, kept)
  }
  return {
    get(tenantId, now) {
      const found = young.get(tenantId) ?? old.get(tenantId)
      if (!found || found.renewAtSeconds * 1_000 <= now) return null
      if (old.size > 0 && !young.has(tenantId)) keep(tenantId, found)
      return found.token
    },
    set: (token) =>
      keep(token.tenantId, {
        token: Promise.resolve(token),
        renewAtSeconds: Math.floor((token.expiresAt.getTime() - RENEW_BEFORE_MILLISECONDS) / 1_000),
      }),
    delete(tenantId) {
      young.delete(tenantId)
      old.delete(tenantId)
    },
  }
}
