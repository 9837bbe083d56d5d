import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { counted } from '#console/views/figure.ts'
import { MAX_REASON_CHARACTERS } from '#console/views/tenant-actions.ts'
import type { TenantStory } from '#flows/tenants/show-tenants.ts'
import type { ResourceCounts } from '#model/resource.ts'
import { button, buttonLink } from '#pages/components/button.ts'
import { icon } from '#pages/components/icon.ts'
import { notice } from '#pages/components/notice.ts'

/** What is asked before a tenant's data is deleted. `mistake`: what was wrong with the last try. */
export const offboardView = (
  { tenant, counts }: TenantStory,
  { reason = '', mistake }: { reason?: string; mistake?: string } = {},
): ConsolePage => ({
  section: 'tenants',
  width: 'reading',
  title: `Offboard ${tenant.displayName}`,
  body: html`
    <div class="stack roomy">
      <div class="stack tight">
        <p class="crumb"><a href="/tenants/${tenant.id}">Back to the tenant</a></p>
        <h1>Offboard <bdi>${tenant.displayName}</bdi>?</h1>
      </div>
      ${mistake && notice('danger', mistake)}
      <ul class="ticks never">
        <li>${icon('cross')}<span>Jobs stop, and ${counted(counts.user, 'user')}, ${counted(counts.group, 'group')} and ${counted(othersIn(counts), 'other object')} read from the directory are <strong>deleted</strong>.</span></li>
        <li>${icon('check')}<span>The tenant’s entry and its audit stay.</span></li>
        <li>${icon('info')}<span>The enterprise application in their tenant is theirs to delete; until then it keeps its permissions.</span></li>
      </ul>
      <form class="card stack" method="post" action="/tenants/${tenant.id}/offboard">
        <div>
          <label for="name">Type the tenant’s name to confirm: <bdi>${tenant.displayName}</bdi></label>
          <input id="name" name="name" required autocomplete="off" spellcheck="false">
        </div>
        <div>
          <label for="reason">Why, for your colleagues</label>
          <input id="reason" name="reason" required maxlength="${MAX_REASON_CHARACTERS}" autocomplete="off" value="${reason}">
        </div>
        <div class="row">${button('Offboard and delete', { look: 'danger' })}${buttonLink('Keep it', `/tenants/${tenant.id}`, { look: 'quiet' })}</div>
      </form>
    </div>`,
})

const othersIn = (counts: ResourceCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.user - counts.group
