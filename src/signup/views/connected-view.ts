import { html } from 'hono/html'
import type { Arrivals } from '#flows/sign-up/arrivals.ts'
import type { AppDefinition } from '#model/app.ts'
import type { Cloud } from '#model/cloud.ts'
import type { ClientId } from '#model/ids.ts'
import type { SyncRun } from '#model/sync-run.ts'
import { badge } from '#pages/components/badge.ts'
import { breakable } from '#pages/components/breakable.ts'
import { codeBlock } from '#pages/components/code-block.ts'
import { diagnosisCard } from '#pages/components/diagnosis-card.ts'
import { facts } from '#pages/components/facts.ts'
import { icon } from '#pages/components/icon.ts'
import { permissionList } from '#pages/components/permission-list.ts'
import { steps } from '#pages/components/steps.ts'
import type { Html } from '#pages/html.ts'
import type { Page } from '#pages/layout.ts'
import type { Watcher } from '#signup/cookies.ts'
import { forVisitors, ownerForVisitors } from '#signup/problem-words.ts'
import { removeDelegatedScript } from '#signup/removal-script.ts'
import { accountBar, WAY } from '#signup/views/account.ts'
import { leavingWays, portalPath } from '#signup/views/leave-view.ts'

const RELOAD_SECONDS = 3

export type ConnectedParts = { arrivals: Arrivals; watcher: Watcher; cloud: Cloud; clientId: ClientId }

/**
 * Shown only after a fresh app-only token has carried every permission.
 * @see https://learn.microsoft.com/entra/identity/enterprise-apps/manage-application-permissions for what the portal revokes
 */
export const connectedView = (app: AppDefinition, { arrivals, watcher, cloud, clientId }: ConnectedParts): Page => ({
  title: `${arrivals.tenant.displayName} is connected`,
  account: accountBar(watcher.account),
  ...(isSettled(arrivals) ? {} : { refreshSeconds: RELOAD_SECONDS }),
  body: html`
    <div class="stack roomy">
      ${steps(WAY, WAY.length)}
      <div class="stack">
        <h1><bdi>${arrivals.tenant.displayName}</bdi> is connected</h1>
        <p class="lead">${app.name} has proven that it can work without you. Your sign-in has been forgotten; you may close this page.</p>
      </div>
      <section class="stack" aria-labelledby="arriving">
        <h2 id="arriving">The reading of your directory</h2>
        ${
          isSettled(arrivals)
            ? html`<div class="stack">${arrivalsBody(app, arrivals)}</div>`
            : html`<div class="stack" data-live="/sign-up/arrivals">${arrivalsBody(app, arrivals)}</div>`
        }
      </section>
      <section class="stack" aria-labelledby="may">
        <h2 id="may">What ${app.name} may do now</h2>
        <div class="card">${permissionList(app.permissions.map((permission) => ({ ...permission, status: 'granted' as const })))}</div>
      </section>
      <section class="card" aria-label="The connection">
        ${facts([
          ['Tenant ID', html`<code>${arrivals.tenant.id}</code>`],
          ['Default domain', arrivals.tenant.defaultDomain ? breakable(arrivals.tenant.defaultDomain) : 'not set'],
          ['Read again', `every ${minutesText(app.syncEveryMinutes ?? 60)}`],
        ])}
      </section>
      <section class="stack" aria-labelledby="later">
        <h2 id="later">Good to know</h2>
        <details class="fold">
          <summary>Take back what you consented to for the sign-up</summary>
          <div class="stack">
            <p>The delegated permissions, <code>${breakable('AppRoleAssignment.ReadWrite.All')}</code> among them, are no longer needed. We recommend that you remove them; the connection keeps working.</p>
            ${codeBlock('With the Azure CLI', removeDelegatedScript(cloud, clientId))}
            <p>${portalPath(app, cloud, { clientId, servicePrincipalId: arrivals.tenant.servicePrincipalId }, 'Permissions')} shows them, too. There you can revoke what was accepted for the whole organisation (“Admin consent”), but not what you accepted for yourself (“User consent”).</p>
          </div>
        </details>
        <details class="fold">
          <summary>How to leave</summary>
          <div class="stack">${leavingWays(app, cloud, { clientId, servicePrincipalId: arrivals.tenant.servicePrincipalId })}</div>
        </details>
      </section>
    </div>`,
})

/** Nothing more will change on this page by itself. */
export const isSettled = ({ run }: Arrivals): boolean => run?.state === 'succeeded'

/** What changes while one watches. */
export const arrivalsBody = (app: AppDefinition, arrivals: Arrivals): Html => {
  const { run, counts, kinds, newest } = arrivals
  const diagnosis = run?.state === 'failed' && run.diagnosis ? forVisitors(run.diagnosis, app) : null
  return html`
    <p role="status" class="row">${runBadge(run)}<span class="soft">${runText(run)}</span></p>
    <dl class="tiles">
      ${kinds.filter(({ isRead }) => isRead).map(({ kind, title }) => html`<div class="figure-tile"><dt>${title}</dt><dd>${figure(Math.max(counts[kind] ?? 0, run?.counts[kind] ?? 0))}</dd></div>`)}
      <div class="figure-tile"><dt>Pages</dt><dd>${figure(run?.pages ?? 0)}</dd></div>
    </dl>
    ${diagnosis && diagnosisCard(diagnosis, { owner: ownerForVisitors(diagnosis, app), tone: 'warning' })}
    ${
      newest.length > 0 &&
      html`
      <div class="card flat stack tight">
        <h3>Among the first to arrive</h3>
        <ul class="names">${newest.map(({ displayName }) => html`<li>${icon('person')}<bdi>${displayName ?? 'without a name'}</bdi></li>`)}</ul>
      </div>`
    }`
}

function runBadge(run: SyncRun | null): Html {
  if (!run) return badge('Starting', 'neutral', 'clock')
  if (run.state === 'succeeded') return badge('Complete', 'success', 'check')
  if (run.state === 'failed') return badge('Interrupted', 'warning', 'warning')
  return badge('Reading', 'info', 'refresh')
}

function runText(run: SyncRun | null): string {
  if (!run) return 'The reading begins in a moment.'
  if (run.state === 'succeeded') return 'Every page of your directory has been read.'
  if (run.state === 'failed') return 'It is tried again by itself; you need not wait.'
  return 'Reading your directory, page by page.'
}

const figure = (count: number): string => count.toLocaleString('en')
const minutesText = (minutes: number): string =>
  minutes === 60 ? 'hour' : minutes % 60 === 0 ? `${minutes / 60} hours` : `${minutes} minutes`
