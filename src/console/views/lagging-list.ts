import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { ago, durationText, turn } from '#console/views/moment.ts'
import type { Lagging } from '#flows/fleet/list-lagging.ts'
import { table } from '#pages/components/table.ts'
import { tenantBadge } from '#pages/components/tenant-badge.ts'
import type { Html } from '#pages/html.ts'
import type { SyncLag } from '#store/sync-lag.ts'

/** Who has not been read for longest: late, or late soon. */
export const laggingSection = ({ median, p95 }: SyncLag, lagging: readonly Lagging[], now: Date): Html | '' =>
  lagging.length === 0
    ? ''
    : html`
      <section class="card stack" aria-labelledby="lagging">
        <div class="row apart"><h2 id="lagging">Longest not read</h2><a href="/tenants?sort=read">All by last run</a></div>
        <p class="soft">Half of all tenants were read within ${durationText(median * 1_000)}, 95 % within ${durationText(p95 * 1_000)}.</p>
        ${table(
          'The tenants that have not been read for longest',
          [
            {
              title: 'Tenant',
              heading: true,
              cell: ({ id, displayName }: Lagging) => html`<a href="/tenants/${id}"><bdi>${displayName}</bdi></a>`,
            },
            { title: 'State', cell: ({ state }) => tenantBadge(state) },
            { title: 'Why', cell: ({ code }) => (code ? codeInWords(code) : '—') },
            { title: 'Last read', cell: ({ readAt }) => (readAt ? ago(readAt, now) : 'Never') },
            { title: 'Due', cell: ({ dueAt }) => (dueAt ? turn(dueAt, now) : '—') },
          ],
          lagging,
        )}
      </section>`
