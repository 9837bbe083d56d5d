import { html } from 'hono/html'
import { type IconName, icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

export type BadgeTone = 'neutral' | 'info' | 'success' | 'warning' | 'danger'

/** One word about a state. */
export const badge = (text: string, tone: BadgeTone = 'neutral', name?: IconName): Html =>
  html`<span class="badge ${tone}">${name && icon(name)}${text}</span>`
