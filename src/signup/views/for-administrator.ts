import { html } from 'hono/html'
import { codeBlock } from '#pages/components/code-block.ts'
import type { Html } from '#pages/html.ts'

/** For somebody who can do nothing but pass it on. */
export const forAdministrator = (link: string): Html => html`
  <section class="card stack" aria-labelledby="send">
    <h2 id="send">Send this link to an administrator</h2>
    <p class="soft">The page says who asks, for what and why, before anybody signs in.</p>
    ${codeBlock('Link for an administrator', link)}
  </section>`
