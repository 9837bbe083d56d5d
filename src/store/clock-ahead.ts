import { askMoment, type Store } from '#store/open.ts'

/** How far our clock is ahead of the database’s, in milliseconds; less than nothing when it is behind. */
export async function clockAhead(store: Pick<Store, 'kysely' | 'clock'>): Promise<number> {
  const before = store.clock.now().getTime()
  const there = await askMoment(store, store.kysely)
  const after = store.clock.now().getTime()
  // It was asked in the middle, as far as anybody can tell.
  return (before + after) / 2 - there.getTime()
}
