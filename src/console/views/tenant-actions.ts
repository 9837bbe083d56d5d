import { html } from 'hono/html'
import { mayMove, type Tenant, WORKING_STATES } from '#model/tenant.ts'
import { action, type ButtonLook, button, buttonLink } from '#pages/components/button.ts'
import type { Html } from '#pages/html.ts'

/** Longer than any sentence that a colleague wants to read. */
export const MAX_REASON_CHARACTERS = 300

/** What an operator may do for a tenant in its state. */
export function actionsFor({ id, state }: Tenant, { asksRemoval }: { asksRemoval: boolean }): Html {
  const gone = state === 'offboarded' || state === 'offboarding'
  return html`
    <div class="actions">
      ${asksRemoval && WORKING_STATES.includes(state) && withReason(id, ALLOW_REMOVAL)}
      ${WORKING_STATES.includes(state) && action(`/tenants/${id}/sync`, 'Read now', { icon: 'refresh' })}
      ${!gone && action(`/tenants/${id}/verify`, 'Verify', { icon: 'shield' })}
      ${state === 'suspended' && action(`/tenants/${id}/resume`, 'Resume', { look: 'primary' })}
      ${WORKING_STATES.includes(state) && withReason(id, PAUSE)}
      ${mayOffboard(state) && buttonLink('Offboard…', `/tenants/${id}/offboard`, { look: 'danger' })}
    </div>`
}

export const mayOffboard = (state: Tenant['state']): boolean => state !== 'offboarded' && mayMove(state, 'offboarding')

type Step = { step: string; opens: string; look: ButtonLook; about: string; does: Html }

const PAUSE: Step = {
  step: 'pause',
  opens: 'Pause…',
  look: 'secondary',
  about: 'The daemon leaves the tenant alone until somebody resumes it. What was read stays.',
  does: button('Pause', { icon: 'pause' }),
}
const ALLOW_REMOVAL: Step = {
  step: 'allow-removal',
  opens: 'Allow the removal…',
  look: 'primary',
  about: 'The next reading removes what Microsoft says is gone, however much it is; once.',
  does: button('Allow it, once', { look: 'danger' }),
}

/** A small form behind a button: what is written down needs a reason. */
const withReason = (id: string, { step, opens, look, about, does }: Step): Html => html`
  <details class="drop">
    <summary class="button ${look}">${opens}</summary>
    <form class="drop-form stack" method="post" action="/tenants/${id}/${step}">
      <p class="soft small">${about}</p>
      <div>
        <label for="${step}-reason">Why, for your colleagues</label>
        <input id="${step}-reason" name="reason" required maxlength="${MAX_REASON_CHARACTERS}" autocomplete="off">
      </div>
      ${does}
    </form>
  </details>`
