import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { auditList } from '#console/views/audit-list.ts'
import { counted } from '#console/views/figure.ts'
import type { TenantId } from '#model/ids.ts'
import { type AuditEntry, REFUSALS_KEPT_DAYS } from '#store/audit.ts'

/** What was done lately, in all tenants and in the console itself. */
export const auditView = (entries: readonly AuditEntry[], names: ReadonlyMap<TenantId, string>): ConsolePage => ({
  section: 'audit',
  title: 'Audit',
  body: html`
    <div class="stack">
      <div class="stack tight"><h1>Audit</h1><p class="soft">The latest ${counted(entries.length, 'entry', 'entries')}, of all tenants. No entry is ever changed, and all are kept for good, but sign-ups that were refused, which anybody can cause: these go after ${REFUSALS_KEPT_DAYS} days.</p></div>
      ${auditList(entries, names)}
    </div>`,
})
