import { html } from 'hono/html'
import type { Html } from '#pages/html.ts'

/** A sentence of ours; what stands between backticks in it is to be typed, and looks like it. */
export const prose = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
