import { html } from 'hono/html'
import { figure } from '#console/views/figure.ts'
import { TENANT_STATES, type TenantState } from '#model/tenant.ts'
import { tenantStateText } from '#pages/components/tenant-badge.ts'
import type { Html } from '#pages/html.ts'

const WIDTH = 1_000
const GAP = 3
/** Three tenants among twenty thousand must still be seen. */
const LEAST = 8

/** From what is well to what has left. */
const ORDER: readonly TenantState[] = [
  'active',
  'degraded',
  'revoked',
  'suspended',
  ...TENANT_STATES.filter((state) => !['active', 'degraded', 'revoked', 'suspended'].includes(state)),
]

/** All tenants as one bar, a piece for each state, and the pieces’ names with the way to each list. */
export function statePicture(byState: Partial<Record<TenantState, number>>): Html {
  const present = ORDER.map((state) => ({ state, count: byState[state] ?? 0 })).filter(({ count }) => count > 0)
  const words = present.map(({ state, count }) => `${figure(count)} ${tenantStateText(state).toLowerCase()}`).join(', ')
  return html`
    <svg class="state-bar" viewBox="0 0 ${WIDTH} 16" preserveAspectRatio="none" role="img" aria-label="Tenants by state: ${words || 'none'}">
      ${piecesOf(present).map(
        ({ state, count, x, width }) =>
          html`<rect class="state-${state}" x="${x}" y="0" width="${width}" height="16"><title>${tenantStateText(state)}: ${figure(count)}</title></rect>`,
      )}
    </svg>
    <ul class="state-names">
      ${present.map(
        ({ state, count }) => html`
        <li><a href="/tenants?state=${state}">
          <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="state-${state}" width="10" height="10" rx="3"></rect></svg>
          <span class="state-name">${tenantStateText(state)}</span> <strong>${figure(count)}</strong>
        </a></li>`,
      )}
    </ul>`
}

type Counted = { state: TenantState; count: number }

function piecesOf(present: readonly Counted[]): (Counted & { x: number; width: number })[] {
  const total = present.reduce((sum, { count }) => sum + count, 0)
  const room = WIDTH - GAP * Math.max(0, present.length - 1)
  const wished = present.map(({ count }) => Math.max(LEAST, (count / total) * room))
  const shrink = room / wished.reduce((sum, width) => sum + width, 0)
  let x = 0
  return present.map((counted, index) => {
    const width = round((wished[index] ?? 0) * shrink)
    const piece = { ...counted, x: round(x), width }
    x += width + GAP
    return piece
  })
}

const round = (value: number): number => Math.round(value * 10) / 10
