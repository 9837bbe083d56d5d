import { sql as raw } from 'kysely'
import type { Limit } from '#model/throttle.ts'
import type { AnySql, Store } from '#store/open.ts'

/** How much of a bucket is left for whoever asks next; all of it when nobody has asked yet. */
export async function leftIn(
  { db }: Pick<AnySql, 'db'>,
  { key, limit }: { key: string; limit: Limit },
): Promise<number> {
  const { rows } = await raw<{ tokens: number }>`
    select least(${limit.amount}::float8,
      tokens + ${limit.amount / limit.seconds}::float8 * extract(epoch from clock_timestamp() - at)::float8) as tokens
    from tenantry.buckets where key = ${key}`.execute(db)
  return rows[0]?.tokens ?? limit.amount
}

/**
 * Lends from a token bucket that all processes share, in one statement. The database's clock counts, so that machines
 * whose clocks differ do not lend twice.
 * @returns how much was lent; when it is nothing, how long until `wanted` may be there
 */
export async function lendFrom(
  { kysely }: Pick<Store, 'kysely'>,
  { key, limit }: { key: string; limit: Limit },
  wanted: number,
): Promise<{ lent: number; waitMilliseconds: number }> {
  const { amount, seconds } = limit
  const perSecond = amount / seconds
  const { rows } = await raw<{ lent: number; tokens: number }>`
    with bucket as (
      select key, least(${amount}::float8, tokens + ${perSecond}::float8 * extract(epoch from clock_timestamp() - at)::float8) as full_to
      from tenantry.buckets where key = ${key} for update
    )
    update tenantry.buckets b set tokens = full_to - least(${wanted}::float8, floor(full_to)), at = clock_timestamp()
    from bucket where b.key = bucket.key
    returning least(${wanted}::float8, floor(full_to))::float8 as lent, full_to::float8 as tokens`.execute(kysely)
  if (!rows[0]) {
    await raw`
      insert into tenantry.buckets (key, tokens, at) values (${key}, ${amount}, clock_timestamp())
      on conflict do nothing`.execute(kysely)
    return lendFrom({ kysely }, { key, limit }, wanted)
  }
  const { lent, tokens } = rows[0]
  return { lent, waitMilliseconds: lent > 0 ? 0 : Math.ceil(((Math.min(wanted, amount) - tokens) / perSecond) * 1_000) }
}
