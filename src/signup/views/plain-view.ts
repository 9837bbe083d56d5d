import { html } from 'hono/html'
import { buttonLink } from '#pages/components/button.ts'
import type { Page } from '#pages/layout.ts'

/** A page that only says something and leads back to the beginning, or to where an open sign-up goes on. */
export const plainView = (title: string, text: string, { goOn = null }: { goOn?: string | null } = {}): Page => ({
  title,
  body: html`
    <div class="stack roomy">
      <div class="stack">
        <h1>${title}</h1>
        <p class="lead">${text}</p>
      </div>
      <div class="row">
        ${goOn && buttonLink('Go on with your sign-up', goOn, { look: 'primary' })}
        ${buttonLink('To the first page', '/')}
      </div>
    </div>`,
})
