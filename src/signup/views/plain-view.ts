import { html } from 'hono/html'
import { buttonLink } from '#pages/components/button.ts'
import type { Page } from '#pages/layout.ts'

/** A page that only says something and leads back to the beginning. */
export const plainView = (title: string, text: string): Page => ({
  title,
  body: html`
    <div class="stack roomy">
      <div class="stack">
        <h1>${title}</h1>
        <p class="lead">${text}</p>
      </div>
      <div>${buttonLink('To the first page', '/')}</div>
    </div>`,
})
