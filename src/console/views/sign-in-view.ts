import { html } from 'hono/html'
import type { Config } from '#config.ts'
import { action } from '#pages/components/button.ts'
import { copyable } from '#pages/components/code-block.ts'
import { facts } from '#pages/components/facts.ts'
import { notice } from '#pages/components/notice.ts'
import type { Page } from '#pages/layout.ts'

type Shown = Pick<Config, 'app' | 'homeTenantId' | 'clientId'>

/** @param options.ended a button was pressed after the session had ended */
export const signInView = ({ app }: Shown, { returnTo, ended }: { returnTo: string; ended: boolean }): Page => ({
  title: 'Sign in',
  body: html`
    <div class="entrance stack roomy">
      <div class="stack tight">
        <h1>Every customer’s tenant, and how it is</h1>
        <p class="lead">This is where the people of ${app.publisher} look after the tenants that ${app.name} works in.</p>
      </div>
      ${ended && notice('warning', 'You were signed out, and nothing was done', 'After an hour without a sign of life, or a working day, the console asks who you are. Sign in, then press the button again.')}
      ${action('/sign-in', 'Sign in with Microsoft', { look: 'primary', fields: returnTo === '/' ? {} : { to: returnTo } })}
      <p class="soft small">With your account of ${app.publisher}. Only operators come in; what they do is written down.</p>
    </div>`,
})

export const notAnOperatorView = ({ app, homeTenantId, clientId }: Shown, role: string): Page => ({
  title: 'You are not an operator',
  body: html`
    <div class="stack roomy">
      <div class="stack tight">
        <h1>You are signed in, but you are not an operator</h1>
        <p class="lead">The console is for people who hold the app role ${role} in the tenant of ${app.publisher}.</p>
      </div>
      <section class="card stack" aria-labelledby="who">
        <h2 id="who">Who can give it to you, and how</h2>
        <p>A Global Administrator, an Application Administrator, a Cloud Application Administrator, or an owner of the
          application, in the Microsoft Entra admin center:</p>
        <ol class="story">
          <li><h3>Open the enterprise application</h3><p>Entra ID › Enterprise apps › the application with the id below.</p></li>
          <li><h3>Assign the role</h3><p>Users and groups › Add user/group › choose you, or a group of yours, and the role “Operator”.</p></li>
          <li><h3>Sign in again</h3><p>The role is read when you sign in.</p></li>
        </ol>
        ${facts([
          ['App role', copyable('app role', role)],
          ['Application (client) id', copyable('application id', clientId)],
          ['Tenant id', copyable('tenant id', homeTenantId)],
        ])}
      </section>
      ${action('/sign-in', 'Sign in again', { look: 'primary' })}
    </div>`,
})

export const signedOutView = (): Page => ({
  title: 'Signed out',
  body: html`
    <div class="stack roomy">
      <div class="stack tight">
        <h1>You are signed out of the console</h1>
        <p class="lead">Microsoft may still know you in this browser; on a computer that others use, sign out there too.</p>
      </div>
      ${action('/sign-in', 'Sign in again')}
    </div>`,
})
