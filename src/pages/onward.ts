import { html } from 'hono/html'
import { buttonLink } from '#pages/components/button.ts'
import type { Page } from '#pages/layout.ts'

/**
 * The answer to a button that leads to Microsoft: a page of ours that a browser leaves at once. A redirect would not do:
 * Chromium holds every redirect behind a form against the policy of the page with the form, and a tenant may send its
 * people on from Microsoft to a sign-in of its own, whose address nobody here knows.
 * @see https://github.com/w3c/webappsec-csp/issues/8
 * @see https://www.w3.org/WAI/WCAG22/Techniques/html/H76
 */
export const onwardPage = (address: string): Page => ({
  title: 'On to Microsoft',
  onwardTo: address,
  body: html`
    <div class="stack roomy">
      <div class="stack">
        <h1>On to Microsoft</h1>
        <p class="lead">You sign in there and come back here. If nothing happens, go on with the button.</p>
      </div>
      <div>${buttonLink('Continue to Microsoft', address, { look: 'primary', icon: 'arrow' })}</div>
    </div>`,
})
