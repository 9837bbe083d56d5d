import { sql as raw } from 'kysely'
import { type Bucket, burstOf } from '#model/throttle.ts'
import type { AnySql, Store } from '#store/database/open.ts'
import { whileInUse } from '#store/database/unreachable.ts'

/** What a process wants of a bucket, and what it brings back of its last loan; less than nothing when it has used more. */
export type LoanWanted = Bucket & { back: number; wanted: number }
/** All that was wanted, or nothing and how long until it may be there. */
export type Loan = { lent: number; waitMilliseconds: number }

const perSecond = ({ limit }: Bucket): number => limit.amount / limit.seconds

type Lending = Pick<Store, 'kysely' | 'clock' | 'databaseUrl' | 'full'>

/** The database's clock, so that machines whose clocks differ do not lend twice; turned as far as a test has turned ours. */
export const nowIn = ({ clock }: Pick<Store, 'clock'>) =>
  raw`(clock_timestamp() + make_interval(secs => ${(clock.turnedMilliseconds?.() ?? 0) / 1_000}::float8))`

/** Transactions that overlap may differ by so much; what is further ahead is from before the clock was put back. */
export const FURTHEST_AHEAD = raw`interval '5 seconds'`

/** How much of a bucket is left for whoever asks next: all of it when nobody has asked yet, and nothing while it rests. */
export async function leftIn({ db }: Pick<AnySql, 'db'>, clock: Store['clock'], bucket: Bucket): Promise<number> {
  const burst = burstOf(bucket.limit)
  const now = nowIn({ clock })
  const { rows } = await raw<{ tokens: number }>`
    select case when rests_until > ${now} then 0 else least(${burst}::float8,
      tokens + ${perSecond(bucket)}::float8 * greatest(0, extract(epoch from ${now} - at)::float8)) end as tokens
    from tenantry.buckets where key = ${bucket.key}`.execute(db)
  return rows[0]?.tokens ?? burst
}

/**
 * Lends from token buckets that all processes share, from all of them in one statement. A bucket whose burst is smaller
 * than what is wanted lends once it is full, and is in debt then. One that rests lends nothing. Where the database's clock
 * was put back, what rests goes on, and what is empty fills, from then on.
 * @returns in the order of what was wanted
 * @throws Problem DATABASE_UNREACHABLE
 */
export const lendFrom = (store: Lending, wanted: readonly LoanWanted[]): Promise<readonly Loan[]> =>
  whileInUse(store, () => lend(store, wanted))

async function lend(store: Lending, wanted: readonly LoanWanted[]): Promise<readonly Loan[]> {
  const asked = wanted.map((one) => ({
    key: one.key,
    burst: burstOf(one.limit),
    speed: perSecond(one),
    back: one.back,
    wanted: one.wanted,
  }))
  const { rows } = await raw<{ key: string; lent: boolean; missing: number; rest: number }>`
    with asked as (
      select * from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        as one(key text, burst float8, speed float8, back float8, wanted float8)
    ), held as (
      select b.key, b.tokens, b.at, b.rests_until from tenantry.buckets b
      where b.key in (select key from asked) order by b.key for update
    ), moment as materialized (
      select ${nowIn(store)} as now from (select count(*) from held) locked
    ), known as materialized (
      select held.key, held.tokens, moment.now, case when not put_back then held.rests_until end as rests_until,
        case when put_back then moment.now else greatest(held.at, moment.now) end as at,
        greatest(0, extract(epoch from moment.now - held.at)::float8) as seconds
      from held cross join moment cross join lateral (select held.at > moment.now + ${FURTHEST_AHEAD} as put_back) it
    ), filled as materialized (
      select asked.key, asked.wanted, least(asked.wanted, asked.burst) as enough, known.at, known.rests_until,
        least(asked.burst, known.tokens + asked.back + asked.speed * known.seconds) as tokens,
        greatest(0, coalesce(extract(epoch from known.rests_until - known.now)::float8, 0)) as rest
      from asked join known using (key)
    )
    update tenantry.buckets b
    set tokens = filled.tokens - case when filled.tokens >= enough and rest = 0 then wanted else 0 end,
      at = filled.at, rests_until = filled.rests_until
    from filled where b.key = filled.key
    returning b.key, filled.tokens >= enough and rest = 0 as lent, enough - filled.tokens as missing, rest`.execute(
    store.kysely,
  )
  const found = new Map(rows.map((row) => [row.key, row]))
  if (asked.some(({ key }) => !found.has(key))) await addBuckets(store, asked)
  return Promise.all(
    wanted.map(async (one) => {
      const row = found.get(one.key)
      if (!row) return (await lend(store, [one]))[0] as Loan
      if (row.lent) return { lent: one.wanted, waitMilliseconds: 0 }
      const seconds = Math.max(row.missing / perSecond(one), row.rest)
      return { lent: 0, waitMilliseconds: Math.max(1, Math.ceil(seconds * 1_000)) }
    }),
  )
}

/** Lends nothing of it for so long, to nobody; a longer rest that it has already stays. */
export async function restBucket(
  store: Pick<Store, 'kysely' | 'clock'>,
  { key, limit }: Bucket,
  milliseconds: number,
): Promise<void> {
  const now = nowIn(store)
  await raw`
    insert into tenantry.buckets (key, tokens, at, rests_until)
    values (${key}, ${burstOf(limit)}::float8, ${now}, ${now} + make_interval(secs => ${milliseconds / 1_000}::float8))
    on conflict (key) do update set rests_until = greatest(buckets.rests_until, excluded.rests_until)`.execute(
    store.kysely,
  )
}

/** A bucket that nobody has asked yet is full. */
async function addBuckets(
  store: Pick<Store, 'kysely' | 'clock'>,
  buckets: readonly { key: string; burst: number }[],
): Promise<void> {
  await raw`
    insert into tenantry.buckets (key, tokens, at)
    select key, burst, ${nowIn(store)} from jsonb_to_recordset(${JSON.stringify(buckets)}::jsonb) as one(key text, burst float8)
    order by key
    on conflict do nothing`.execute(store.kysely)
}
