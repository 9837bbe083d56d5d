import { sql as raw } from 'kysely'
import type { Store } from '#store/database/open.ts'

/** How far our clock is ahead of the database’s, in milliseconds; less than nothing when it is behind. */
export async function clockAhead({ kysely, clock }: Pick<Store, 'kysely' | 'clock'>): Promise<number> {
  const before = clock.now().getTime()
  const { rows } = await raw<{ now: Date }>`select clock_timestamp() as now`.execute(kysely)
  const after = clock.now().getTime()
  const { now } = rows[0] as { now: Date }
  // It was asked in the middle, as far as anybody can tell.
  return (before + after) / 2 - (clock.turned?.(now) ?? now).getTime()
}
