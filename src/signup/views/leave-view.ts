import { html } from 'hono/html'
import type { AppDefinition } from '#model/app.ts'
import type { Cloud } from '#model/cloud.ts'
import type { ClientId, ObjectId } from '#model/ids.ts'
import { codeBlock } from '#pages/components/code-block.ts'
import { icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'
import type { Page } from '#pages/layout.ts'
import { leaveCommand } from '#signup/removal-script.ts'

type Entry = { clientId: ClientId; servicePrincipalId: ObjectId | null }

/** Public: nobody has to sign in with us to learn how to leave. */
export const leaveView = (app: AppDefinition, cloud: Cloud, clientId: ClientId): Page => ({
  title: 'How to leave',
  body: html`
    <div class="stack roomy">
      <div class="stack">
        <h1>How to leave ${app.name}</h1>
        <p class="lead">It is in your hands alone: you need neither our consent nor our help.</p>
      </div>
      <section class="card stack" aria-label="Two ways">${leavingWays(app, cloud, { clientId, servicePrincipalId: null })}</section>
      <section class="stack" aria-labelledby="effect">
        <h2 id="effect">What it does</h2>
        <ul class="ticks">
          <li>${icon('check')}<span>Microsoft issues no more tokens to us for your tenant. One that was issued before ends within the hour or so that it is valid.</span></li>
          <li>${icon('check')}<span>We notice at the next attempt and stop working for your tenant.</span></li>
          <li>${icon('check')}<span>What we have read before is deleted when you ask ${app.publisher} for it${app.supportEmail && html`, at <a href="mailto:${app.supportEmail}">${app.supportEmail}</a>`}.</span></li>
          <li>${icon('check')}<span>Should you change your mind, sign up again: everything continues where it was.</span></li>
        </ul>
      </section>
    </div>`,
})

/** The two ways to end it all. */
export const leavingWays = (app: AppDefinition, cloud: Cloud, entry: Entry): Html => html`
  <p><strong>In the portal:</strong> ${portalPath(app, cloud, entry, 'Properties')}, then <strong>Delete</strong>.</p>
  <p><strong>Or with the Azure CLI</strong>, signed in to your tenant as an administrator who may manage enterprise applications:</p>
  ${codeBlock('Command to leave', leaveCommand(entry.clientId))}`

/** Where in Microsoft's portal our entry is found; a link where the cloud has a portal and the entry is known. */
export const portalPath = (
  app: AppDefinition,
  cloud: Cloud,
  { clientId, servicePrincipalId }: Entry,
  page: 'Properties' | 'Permissions',
): Html => {
  const way = html`Microsoft Entra admin center › Enterprise applications › ${app.name} › ${page}`
  if (!cloud.portalOrigin || !servicePrincipalId) return way
  const address = `${cloud.portalOrigin}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/${page}/objectId/${servicePrincipalId}/appId/${clientId}`
  return html`<a href="${address}" rel="noreferrer">${way}</a>`
}
