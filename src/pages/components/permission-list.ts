import { html } from 'hono/html'
import type { PlannedGrant } from '#model/permission.ts'
import { type BadgeTone, badge } from '#pages/components/badge.ts'
import { breakable } from '#pages/components/breakable.ts'
import { type IconName, icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

export type ShownPermission = {
  value: string
  reason: string
  /** Microsoft's own words for it. */
  displayName?: string
  status?: PlannedGrant['status'] | 'missing'
}

const STATUSES: Record<NonNullable<ShownPermission['status']>, [text: string, tone: BadgeTone, icon: IconName]> = {
  granted: ['Present', 'success', 'check'],
  'to-grant': ['Will be added', 'info', 'plus'],
  missing: ['Missing', 'warning', 'minus'],
  unavailable: ['Not offered here', 'danger', 'cross'],
}

/** What is asked for: each permission as Microsoft names it, why, and whether it is there. */
export const permissionList = (permissions: readonly ShownPermission[]): Html => html`
  <ul class="permissions">
    ${permissions.map(
      ({ value, reason, displayName, status }) => html`
      <li>
        <span class="permission-mark">${icon('key')}</span>
        <div>
          <p class="permission-name"><code>${breakable(value)}</code>${status && badge(...STATUSES[status])}</p>
          <p>${reason}</p>
          ${displayName && displayName !== value && html`<p class="soft small">Microsoft calls it “${displayName}”</p>`}
        </div>
      </li>`,
    )}
  </ul>`
