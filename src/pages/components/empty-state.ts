import { html } from 'hono/html'
import { type IconName, icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

/** Where a list would be: why it is empty, and what will fill it. */
export const emptyState = (title: string, body: Html | string, name: IconName = 'info'): Html => html`
  <div class="empty">
    ${icon(name)}
    <p class="empty-title">${title}</p>
    <div class="soft">${body}</div>
  </div>`
