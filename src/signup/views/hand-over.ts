import { html } from 'hono/html'
import { action, buttonLink } from '#pages/components/button.ts'
import { codeBlock } from '#pages/components/code-block.ts'
import { notice } from '#pages/components/notice.ts'
import type { Html } from '#pages/html.ts'
import type { CheckResult } from '#signup/cookies.ts'

/** What an administrator who may not grant gives to one who may. */
export type HandOver = { link: string; script: string }

/** Two ways to have it granted by somebody else, and how to go on afterwards. */
export const handOver = ({ link, script }: HandOver): Html => html`
  <section class="stack" aria-labelledby="hand-over">
    <h2 id="hand-over">Ways to go on</h2>
    <div class="card stack">
      <h3>Send this link to a colleague who may grant</h3>
      <p class="soft">A Global Administrator or a Privileged Role Administrator of your tenant opens it, sees what you saw, and finishes.</p>
      ${codeBlock('Invitation link', link)}
    </div>
    <div class="card stack">
      <h3>Or grant by hand, with the Azure CLI</h3>
      <p class="soft">The script adds exactly the permissions of this page. It can be run again without harm, for example in Azure Cloud Shell.</p>
      ${codeBlock('Script for the Azure CLI', script)}
      <div>${buttonLink('Download the script', '/sign-up/script')}</div>
    </div>
    <div class="card stack">
      <h3>Then have it recognised here</h3>
      <p class="soft">Once somebody has granted, one press here connects your tenant. Microsoft may need a minute to pass it on.</p>
      <div>${action('/sign-up/check', 'Check again', { icon: 'refresh' })}</div>
    </div>
  </section>`

/** What the look just taken has found. */
export const checked = ({ looked, missing, message }: CheckResult): Html => {
  if (!looked) return notice('info', 'We could not look just now', html`<p>${message} Please check again later.</p>`)
  return notice(
    'info',
    'Not granted yet',
    html`${message ? html`<p>${message}</p>` : html`<p>Still missing: ${missing.map((value, index) => html`${index > 0 ? ', ' : ''}<code>${value}</code>`)}.</p>`}
    <p>If it has been granted a moment ago, give Microsoft a minute and check again.</p>`,
  )
}
