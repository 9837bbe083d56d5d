import type { AppToken } from '#entra/app-token.ts'
import { type GuidIndex, openGuidIndex } from '#entra/guid-index.ts'
import type { TenantId } from '#model/ids.ts'

/** App-only tokens by tenant: bounded memory, and a hit is one look-up however many there are. */
export type TokenCache = {
  /** The token that may still be used at `now`, in milliseconds; null when there is none or it is time for a new one. */
  get(tenantId: TenantId, now: number): Promise<AppToken> | null
  /** The token that there is, though it be time for a new one, or past its end. */
  last(tenantId: TenantId): Promise<AppToken> | null
  set(token: AppToken): void
  /** It is time for a new one at `renewAt`, in milliseconds, and not before. */
  putOff(tenantId: TenantId, renewAt: number): void
  delete(tenantId: TenantId): void
}

const RENEW_BEFORE_MILLISECONDS = 5 * 60_000

/** About 2 KB each: some 100 MB when both halves are full. */
const MAX_TOKENS_OF_A_HALF = 25_000

/**
 * Two halves instead of an order of use that would have to be kept with every hit: when the young half is full it becomes
 * the old one, and what nobody has asked for since is dropped with the old half before it.
 */
export function openTokenCache(maxOfAHalf = MAX_TOKENS_OF_A_HALF): TokenCache {
  let young = openHalf(maxOfAHalf)
  let old: Half | null = null
  const keep = (tenantId: TenantId, token: Promise<AppToken>, renewAtSeconds: number) => {
    if (young.index.size() >= maxOfAHalf && young.index.find(tenantId) < 0) {
      old = young
      young = openHalf(maxOfAHalf)
    }
    const place = young.index.add(tenantId)
    if (place < 0) return
    young.tokens[place] = token
    young.renewAtSeconds[place] = renewAtSeconds
  }
  return {
    get(tenantId, now) {
      const place = young.index.find(tenantId)
      if (place >= 0) return usable(young, place, now)
      const before = old?.index.find(tenantId) ?? -1
      if (!old || before < 0) return null
      const token = usable(old, before, now)
      if (token) keep(tenantId, token, old.renewAtSeconds[before] ?? 0)
      return token
    },
    last(tenantId) {
      const place = young.index.find(tenantId)
      if (place >= 0) return young.tokens[place] ?? null
      return old?.tokens[old.index.find(tenantId)] ?? null
    },
    set: (token) =>
      keep(token.tenantId, Promise.resolve(token), secondsOf(token.expiresAt.getTime() - RENEW_BEFORE_MILLISECONDS)),
    putOff(tenantId, renewAt) {
      for (const half of [young, old]) {
        const place = half?.index.find(tenantId) ?? -1
        if (half && place >= 0) half.renewAtSeconds[place] = secondsOf(renewAt)
      }
    },
    delete(tenantId) {
      for (const half of [young, old]) {
        const place = half?.index.find(tenantId) ?? -1
        if (half && place >= 0) half.tokens[place] = null
      }
    },
  }
}

const secondsOf = (milliseconds: number): number => Math.floor(milliseconds / 1_000)

/** In columns, so that a hit reads little from memory; and the promise is kept, not made at every hit. */
type Half = { index: GuidIndex; tokens: (Promise<AppToken> | null)[]; renewAtSeconds: Uint32Array }

const openHalf = (max: number): Half => ({
  index: openGuidIndex(max),
  tokens: [],
  renewAtSeconds: new Uint32Array(max),
})

const usable = ({ tokens, renewAtSeconds }: Half, place: number, now: number): Promise<AppToken> | null =>
  (renewAtSeconds[place] ?? 0) * 1_000 > now ? (tokens[place] ?? null) : null
