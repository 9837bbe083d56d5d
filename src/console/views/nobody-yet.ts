import { html } from 'hono/html'
import { emptyState } from '#pages/components/empty-state.ts'
import type { Html } from '#pages/html.ts'

/** Where the tenants of a new installation will be, and what to send to the first customer. */
export const nobodyYet = (landingUrl: string): Html =>
  emptyState(
    'Nobody has signed up yet',
    html`A tenant appears here when its administrator has connected it on the landing page: <a href="${landingUrl}/" rel="noreferrer">${landingUrl}</a>`,
    'building',
  )
