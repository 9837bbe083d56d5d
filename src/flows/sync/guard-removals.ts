import { Problem } from '#model/problem.ts'
import type { ResourceKind } from '#model/resource.ts'
import type { TenantSql } from '#store/database/open.ts'
import { countStored, countUpTo, type Removed, type Stored } from '#store/resources.ts'

/** Of so few a large share says nothing; groups are rearranged more often than people leave. */
const ALWAYS_FINE = { objects: 5, memberships: 20 }

/**
 * A round that removes a large share of what is stored stops and asks: it may be the customer’s wish, or a fault at
 * Microsoft or here. Until its last page nothing goes, and this is looked at after the removal, in its transaction: only then
 * it is known how much goes, and all of it is undone. The cursor stays before that page, which asks again at the next turn.
 * @throws Problem REMOVAL_TOO_LARGE
 */
export async function guardRemovals(
  sql: TenantSql,
  { kind, removed, share }: { kind: ResourceKind; removed: Removed; share: number },
): Promise<void> {
  if (await isLargeShare(sql, { kind }, removed.objects, share))
    throw await tooLarge(sql, { kind }, removed.objects, `stored objects of kind ${kind}`)
  if (await isLargeShare(sql, 'memberships', removed.memberships, share))
    throw await tooLarge(sql, 'memberships', removed.memberships, 'stored memberships of groups that stay')
}

/** Counted no further than it takes to see that enough stays. */
async function isLargeShare(sql: TenantSql, what: Stored, removed: number, share: number): Promise<boolean> {
  if (removed <= (what === 'memberships' ? ALWAYS_FINE.memberships : ALWAYS_FINE.objects)) return false
  if (share === 0) return true
  const enough = Math.ceil(removed / share) - removed
  return (await countUpTo(sql, what, enough)) < enough
}

const tooLarge = async (sql: TenantSql, what: Stored, removed: number, words: string) =>
  new Problem({
    code: 'REMOVAL_TOO_LARGE',
    owner: 'operator',
    message: `This reading would remove ${removed} of ${(await countStored(sql, what)) + removed} ${words}.`,
    nextStep:
      'Ask the customer. If it is right, allow it on the tenant’s page of the console or with `tenantry tenants allow-removal`; nothing of it is removed before.',
    retry: 'never',
    confidence: 'certain',
  })
