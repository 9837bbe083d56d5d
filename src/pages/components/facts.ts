import { html } from 'hono/html'
import type { Html } from '#pages/html.ts'

export type Fact = readonly [name: string, value: Html | string]

/** Names and values, such as those of a tenant. */
export const facts = (entries: readonly Fact[]): Html => html`
  <dl class="facts">
    ${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`
