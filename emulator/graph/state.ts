import type { TenantContents } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { openBodies } from '#emulator/graph/bodies.ts'
import type { TokenMemory } from '#emulator/graph/caller.ts'
import type { Subscription } from '#emulator/graph/subscriptions/subscription.ts'

/** What Graph's half remembers between requests; none of it is the world's truth. */
export type GraphState = {
  tokens: TokenMemory
  bodies: ReturnType<typeof openBodies>
  /** Filtered and sorted lists, while a client turns their pages. */
  results: Map<string, readonly unknown[]>
  subscriptions: Map<Guid, Subscription>
  /** Looks at them again, after one was made or authorised. */
  reviewSubscriptions: () => void
  /** Tells the contents of a tenant apart from those after a reset. */
  nameOf(contents: TenantContents): number
}

export function openGraphState(): GraphState {
  const names = new WeakMap<TenantContents, number>()
  let last = 0
  return {
    tokens: new Map(),
    bodies: openBodies(),
    results: new Map(),
    subscriptions: new Map(),
    reviewSubscriptions: () => {},
    nameOf(contents) {
      const known = names.get(contents)
      if (known !== undefined) return known
      last += 1
      names.set(contents, last)
      return last
    },
  }
}
