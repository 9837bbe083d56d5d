import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { type AuditPageQuery, auditAddress } from '#console/audit-query.ts'
import { auditList } from '#console/views/audit-list.ts'
import type { TenantId } from '#model/ids.ts'
import { buttonLink } from '#pages/components/button.ts'
import { type AuditPage, REFUSALS_KEPT_DAYS } from '#store/audit.ts'

type Parts = AuditPageQuery & AuditPage & { names: ReadonlyMap<TenantId, string> }

/**
 * What was done, in all tenants and in the console itself. Refused sign-ups are left out unless they are asked for:
 * anybody can cause them, and so many that nobody would see what the others did.
 */
export const auditView = ({ entries, next, names, ...asked }: Parts): ConsolePage => ({
  section: 'audit',
  title: 'Audit',
  body: html`
    <div class="stack">
      <div class="stack tight"><h1>Audit</h1><p class="soft">What was done, in all tenants, the latest first. No entry is ever changed, and all are kept for good, except sign-ups that were refused, which anybody can cause: these go after ${REFUSALS_KEPT_DAYS} days.
        ${
          asked.refused
            ? html`<a href="${auditAddress({ refused: false })}">Leave refused sign-ups out</a>`
            : html`They are left out here. <a href="${auditAddress({ refused: true })}">Show refused sign-ups, too</a>`
        }</p></div>
      ${auditList(entries, names)}
      ${pager(asked, next)}
    </div>`,
})

const pager = ({ before, refused }: AuditPageQuery, next: string | null) =>
  (before || next) &&
  html`
    <nav class="row apart pager" aria-label="Pages">
      <div class="row">
        ${before && buttonLink('Latest', auditAddress({ refused }))}
        ${next && buttonLink('Earlier', auditAddress({ before: next, refused }))}
      </div>
    </nav>`
