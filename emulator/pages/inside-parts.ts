import { html } from 'hono/html'
import type { Html } from '#emulator/pages/layout.ts'

type Cell = Html | string

/** A table that becomes cards on a narrow screen. */
export const table = (heads: readonly string[], rows: readonly (readonly Cell[])[], empty: string): Html =>
  rows.length === 0
    ? html`<p class="soft">${empty}</p>`
    : html`<table>
        <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td data-label="${heads[index] ?? ''}"><span>${cell}</span></td>`)}</tr>`)}</tbody>
      </table>`

/** A button that does one thing at once. */
export const lever = (action: string, words: string, fields: Readonly<Record<string, string>> = {}): Html =>
  html`<form method="post" action="/_emulator/levers/${action}">${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}<button>${words}</button></form>`

export const stamp = (at: Date) => `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`

export const stateBadge = (isEnabled: boolean): Html =>
  isEnabled ? html`<span class="badge good">enabled</span>` : html`<span class="badge warn">disabled</span>`
