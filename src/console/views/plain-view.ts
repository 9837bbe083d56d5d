import { html } from 'hono/html'
import { buttonLink } from '#pages/components/button.ts'
import type { Page } from '#pages/layout.ts'

/** A page that says one thing. */
export const plainView = (title: string, text: string): Page => ({
  title,
  width: 'reading',
  body: html`
    <div class="stack roomy">
      <div class="stack"><h1>${title}</h1><p class="lead">${text}</p></div>
      <div>${buttonLink('To the overview', '/')}</div>
    </div>`,
})
