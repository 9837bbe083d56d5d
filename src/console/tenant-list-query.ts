import { z } from 'zod'
import { PROBLEM_CODES } from '#model/problem.ts'
import { TENANT_STATES } from '#model/tenant.ts'
import type { TenantSearch } from '#store/search-tenants.ts'

export const PAGE_SIZE = 50
const MAX_PAGE = 1_000_000

/** What the address of the list asks for. */
export type TenantListQuery = Omit<TenantSearch, 'limit' | 'offset'> & { page: number }

const blank = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional())

const query = z.object({
  q: blank(z.string().trim().max(200)),
  state: blank(z.enum(TENANT_STATES)),
  code: blank(z.enum(PROBLEM_CODES)),
  owner: blank(z.enum(['customer-administrator', 'operator', 'microsoft', 'nobody'])),
  sort: blank(z.enum(['name', 'state', 'changed', 'read'])),
  order: blank(z.enum(['asc', 'desc'])),
  page: blank(z.coerce.number().int().min(1).max(MAX_PAGE)),
})

/** Null for what no page of ours links to. */
export function readListQuery(asked: Record<string, string>): TenantListQuery | null {
  const parsed = query.safeParse(asked)
  if (!parsed.success) return null
  const { q, state, code, owner, sort = 'name', order, page = 1 } = parsed.data
  return {
    ...(q ? { text: q } : {}),
    ...(state ? { state } : {}),
    ...(code ? { code } : {}),
    ...(owner ? { owner } : {}),
    sort,
    descending: order === 'desc',
    page,
  }
}

/** The address that asks for it, as short as can be. */
export function listAddress({ text, state, code, owner, sort, descending, page }: TenantListQuery): string {
  const entries: [string, string | undefined][] = [
    ['q', text],
    ['state', state],
    ['code', code],
    ['owner', owner],
    ['sort', sort === 'name' ? undefined : sort],
    ['order', descending ? 'desc' : undefined],
    ['page', page > 1 ? String(page) : undefined],
  ]
  const present = entries.filter((entry): entry is [string, string] => entry[1] !== undefined)
  return present.length > 0 ? `/tenants?${new URLSearchParams(present)}` : '/tenants'
}
