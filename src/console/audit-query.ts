import { z } from 'zod'
import { auditId } from '#console/api/schemas.ts'

/** What the address of the audit asks for. */
export type AuditPageQuery = {
  /** Only what was written before this entry. */
  before?: string | undefined
  /** Also the sign-ups that were refused. */
  refused: boolean
}

const query = z.object({
  before: auditId.optional(),
  refused: z.literal('1').optional(),
})

/** Null for what no page of ours links to. */
export function readAuditQuery(asked: Record<string, string>): AuditPageQuery | null {
  const { data } = query.safeParse(asked)
  return data ? { before: data.before, refused: data.refused === '1' } : null
}

export function auditAddress({ before, refused }: AuditPageQuery): string {
  const asked = new URLSearchParams({ ...(refused ? { refused: '1' } : {}), ...(before ? { before } : {}) })
  return asked.size > 0 ? `/audit?${asked}` : '/audit'
}
