import { html } from 'hono/html'
import { mayMove, type Tenant, WORKING_STATES } from '#model/tenant.ts'
import { action, button, buttonLink } from '#pages/components/button.ts'
import type { Html } from '#pages/html.ts'

/** Longer than any sentence that a colleague wants to read. */
export const MAX_REASON_CHARACTERS = 300

/** What an operator may do for a tenant in its state. */
export function actionsFor({ id, state }: Tenant): Html {
  const gone = state === 'offboarded' || state === 'offboarding'
  return html`
    <div class="actions">
      ${WORKING_STATES.includes(state) && action(`/tenants/${id}/sync`, 'Sync now', { icon: 'refresh' })}
      ${!gone && action(`/tenants/${id}/verify`, 'Verify', { icon: 'shield' })}
      ${state === 'suspended' && action(`/tenants/${id}/resume`, 'Resume', { look: 'primary' })}
      ${WORKING_STATES.includes(state) && pause(id)}
      ${mayOffboard(state) && buttonLink('Offboard…', `/tenants/${id}/offboard`, { look: 'danger' })}
    </div>`
}

export const mayOffboard = (state: Tenant['state']): boolean => state !== 'offboarded' && mayMove(state, 'offboarding')

const pause = (id: string): Html => html`
  <details class="drop">
    <summary class="button secondary">Pause…</summary>
    <form class="drop-form stack" method="post" action="/tenants/${id}/pause">
      <p class="soft small">The daemon leaves the tenant alone until somebody resumes it. What was read stays.</p>
      <div>
        <label for="pause-reason">Why, for your colleagues</label>
        <input id="pause-reason" name="reason" required maxlength="${MAX_REASON_CHARACTERS}" autocomplete="off">
      </div>
      ${button('Pause', { icon: 'pause' })}
    </form>
  </details>`
