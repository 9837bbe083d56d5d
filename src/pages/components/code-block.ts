import { html } from 'hono/html'
import type { Html } from '#pages/html.ts'

/** Something to take elsewhere: one press copies it; without script one selects it. One line is shown whole, more of them scroll. */
export const codeBlock = (label: string, text: string): Html => html`
  <figure class="code">
    <figcaption>
      <span>${label}</span>
      <button class="button quiet copy" type="button" data-copy>Copy<span class="unseen"> ${label}</span></button>
    </figcaption>
    <pre ${text.includes('\n') ? html`tabindex="0"` : html`class="line"`} role="region" aria-label="${label}"><code>${text}</code></pre>
  </figure>`

/** A short value in a line of text, with its own copy button. */
export const copyable = (label: string, text: string): Html =>
  html`<span class="copyable"><code>${text}</code><button class="button quiet copy" type="button" data-copy>Copy<span class="unseen"> ${label}</span></button></span>`
