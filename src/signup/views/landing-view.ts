import { html } from 'hono/html'
import type { AppDefinition } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import { action } from '#pages/components/button.ts'
import { icon } from '#pages/components/icon.ts'
import { notice } from '#pages/components/notice.ts'
import { permissionList } from '#pages/components/permission-list.ts'
import type { Html } from '#pages/html.ts'
import type { Page } from '#pages/layout.ts'
import { DELEGATED } from '#signup/views/delegated.ts'

/** Everything an administrator wants to know before signing in. */
export const landingView = (
  app: AppDefinition,
  { invitedTenantId }: { invitedTenantId: TenantId | null },
): Page & { width: 'wide' } => ({
  title: 'Connect your organisation',
  width: 'wide',
  body: html`
    <div class="stack roomy">
      <div class="columns leaning">
        ${welcome(app, invitedTenantId)}
        ${whatHappens(app)}
      </div>
      <div class="columns">
        <section class="stack" aria-labelledby="afterwards">
          <div class="section-head">
            <h2 id="afterwards">What ${app.name} works with afterwards</h2>
            <p class="soft">Application permissions of Microsoft Graph. You see them again, one by one, before you grant them.</p>
          </div>
          <div class="card">${permissionList(app.permissions)}</div>
        </section>
        <section class="stack" aria-labelledby="once">
          <div class="section-head">
            <h2 id="once">What is used once, while you sign up</h2>
            <p class="soft">Delegated permissions: they act in your name, and we use them only while you are here. Your consent to them stays in your tenant until somebody removes it; we show you how.</p>
          </div>
          <div class="card">${permissionList(DELEGATED)}</div>
        </section>
      </div>
      <div class="columns">
        ${never}
        ${leaving(app)}
      </div>
    </div>`,
})

const welcome = (app: AppDefinition, invitedTenantId: TenantId | null): Html => html`
  <div class="stack roomy">
    <div class="stack">
      <p class="eyebrow">${app.publisher} asks for your permission</p>
      <h1>Connect your organisation to ${app.name}</h1>
      <p class="lead">${app.description}</p>
    </div>
    ${
      invitedTenantId &&
      notice(
        'info',
        'You have been invited',
        html`This invitation is for the tenant <code>${invitedTenantId}</code>. Only an administrator of that tenant can finish it.`,
      )
    }
    <div class="stack">
      <div>${action('/sign-up', 'Continue with Microsoft', {
        look: 'primary',
        icon: 'arrow',
        fields: invitedTenantId ? { tenant: invitedTenantId } : {},
      })}</div>
      <p class="soft small">To finish, you need to be a <strong>Global Administrator</strong> or a <strong>Privileged Role Administrator</strong>.
        Another administrator can begin and hand over.</p>
    </div>
  </div>`

const whatHappens = (app: AppDefinition): Html => html`
  <section class="card" aria-labelledby="next">
    <h2 id="next" class="gap-below">What happens next</h2>
    <ol class="story">
      <li><h3>You sign in at Microsoft</h3><p>Your password stays there. Microsoft shows you what we ask for; when you accept, it adds ${app.name} to your enterprise applications. Should it offer to consent on behalf of your organization, leave that box empty: you alone are enough.</p></li>
      <li><h3>You see the plan</h3><p>Your tenant, your account, and each permission: what is there already and what would be added.</p></li>
      <li><h3>You press “Grant”</h3><p>Until then ${app.name} can do nothing by itself. We add the permissions and check that they work.</p></li>
      <li><h3>${app.name} starts</h3><p>From then on without you. You watch the first users arrive, and may leave at any time.</p></li>
    </ol>
  </section>`

const never: Html = html`
  <section class="stack" aria-labelledby="never">
    <h2 id="never">What is never asked of you</h2>
    <ul class="ticks never">
      <li>${icon('cross')}<span><strong>No password.</strong> You type it at Microsoft, or not at all.</span></li>
      <li>${icon('cross')}<span><strong>No secret or certificate of yours.</strong> We sign in with our own credential.</span></li>
      <li>${icon('cross')}<span><strong>No lasting access in your name.</strong> Your sign-in is kept in your browser only, encrypted, and ends with the sign-up.</span></li>
    </ul>
  </section>`

const leaving = (app: AppDefinition): Html => html`
  <section class="stack" aria-labelledby="leave">
    <h2 id="leave">You can leave at any time</h2>
    <p class="soft">Delete ${app.name} under Enterprise applications, or with one command. Microsoft then gives us no more access to your tenant; you need not ask us.</p>
    <p><a href="/leave">How to leave, step by step</a></p>
  </section>`
