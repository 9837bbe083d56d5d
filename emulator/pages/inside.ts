import { html } from 'hono/html'
import { type Html, insideLayout } from '#emulator/pages/layout.ts'

export type RequestLine = {
  at: Date
  method: string
  path: string
  status: number
  tenant: string
  app: string
  reason: string
}
export type Overview = {
  origins: { https: string; browser: string }
  now: Date
  offsetSeconds: number
  faults: string[]
  lag: string
  tenants: {
    id: string
    displayName: string
    domains: string[]
    users: number
    groups: number
    servicePrincipals: number
  }[]
  applications: { appId: string; displayName: string; homeTenant: string; credentials: string }[]
  requests: RequestLine[]
}

/** A table that becomes cards on a narrow screen. */
const table = (heads: readonly string[], rows: readonly (readonly (Html | string)[])[], empty: string): Html =>
  rows.length === 0
    ? html`<p class="soft">${empty}</p>`
    : html`<table>
        <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td data-label="${heads[index] ?? ''}"><span>${cell}</span></td>`)}</tr>`)}</tbody>
      </table>`

const lever = (action: string, words: string, fields: Readonly<Record<string, string>> = {}): Html =>
  html`<form method="post" action="/_emulator/levers/${action}">${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}<button>${words}</button></form>`

const stamp = (at: Date) => `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`

const statusBadge = (status: number) => html`<span class="badge ${status >= 400 ? 'warn' : 'good'}">${status}</span>`

const timeline = (requests: readonly RequestLine[]): Html =>
  table(
    ['Time', 'Request', 'Status', 'Tenant', 'App', 'Why refused'],
    requests.map(({ at, method, path, status, tenant, app, reason }) => [
      at.toISOString().slice(11, 19),
      html`${method} <code>${path}</code>`,
      statusBadge(status),
      tenant,
      app,
      reason,
    ]),
    'Nobody has asked anything yet.',
  )

export const overviewPage = (facts: Overview): Html =>
  insideLayout(
    'Inside',
    html`<h1>Inside the emulator</h1>
      <section>
        <dl class="facts">
          <div><dt>For programs</dt><dd>${facts.origins.https}</dd></div>
          <div><dt>For browsers</dt><dd>${facts.origins.browser}</dd></div>
          <div><dt>Its time</dt><dd>${stamp(facts.now)}${facts.offsetSeconds === 0 ? '' : html` <span class="badge">turned</span>`}</dd></div>
          <div><dt>Mischief</dt><dd>${facts.faults.length === 0 ? 'none' : facts.faults.map((fault) => html`<span class="badge warn">${fault}</span> `)}</dd></div>
          <div><dt>Lag</dt><dd>${facts.lag}</dd></div>
        </dl>
        <div class="levers">
          ${lever('advance', 'An hour on', { hours: '1' })}
          ${lever('advance', 'A day on', { days: '1' })}
          ${lever('clock', 'Time of this machine')}
          ${lever('mischief', 'No mischief')}
          ${lever('rotate', 'New signing key')}
          ${lever('reset', 'Back to the estate')}
        </div>
      </section>
      <section>
        <h2>Tenants</h2>
        ${table(
          ['Tenant', 'Id', 'Domains', 'Users', 'Groups', 'Service principals'],
          facts.tenants.map((tenant) => [
            html`<a href="/_emulator/tenants/${tenant.id}">${tenant.displayName}</a>`,
            html`<code>${tenant.id}</code>`,
            tenant.domains.join(', '),
            String(tenant.users),
            String(tenant.groups),
            String(tenant.servicePrincipals),
          ]),
          'There is no tenant.',
        )}
      </section>
      <section>
        <h2>Applications</h2>
        ${table(
          ['Application', 'Client id', 'Home', 'Credentials'],
          facts.applications.map(({ displayName, appId, homeTenant, credentials }) => [
            displayName,
            html`<code>${appId}</code>`,
            homeTenant,
            credentials,
          ]),
          'There is no application.',
        )}
      </section>
      <section>
        <h2>Latest requests</h2>
        ${timeline(facts.requests)}
      </section>`,
  )

export const requestsPage = (requests: readonly RequestLine[]): Html =>
  insideLayout('Requests', html`<h1>Requests</h1><section>${timeline(requests)}</section>`)

export type TenantView = {
  id: string
  displayName: string
  domains: string[]
  accounts: { name: string; displayName: string; roles: string; enabled: boolean }[]
  apps: { name: string; appId: string; objectId: string; enabled: boolean; roles: string[]; consents: string[] }[]
}

export const tenantPage = ({ id, displayName, domains, accounts, apps }: TenantView): Html =>
  insideLayout(
    displayName,
    html`<h1>${displayName}</h1>
      <p class="soft"><code>${id}</code> · ${domains.join(', ')}</p>
      <section>
        <h2>Service principals</h2>
        ${table(
          ['App', 'Client id', 'Object id', 'State', 'Application permissions', 'Consents'],
          apps.map(
            (app) =>
              [
                app.name,
                html`<code>${app.appId}</code>`,
                html`<code>${app.objectId}</code>`,
                app.enabled
                  ? html`<span class="badge good">enabled</span>`
                  : html`<span class="badge warn">disabled</span>`,
                app.roles.join(', ') || 'none',
                app.consents.map((consent) => html`${consent}<br>`),
              ] as (Html | string)[],
          ),
          'No app is present.',
        )}
      </section>
      <section>
        <h2>Accounts that can sign in</h2>
        ${table(
          ['Account', 'Name', 'Directory roles', 'State'],
          accounts.map((account) => [
            account.name,
            account.displayName,
            account.roles || 'none',
            account.enabled
              ? html`<span class="badge good">enabled</span>`
              : html`<span class="badge warn">disabled</span>`,
          ]),
          'Nobody can sign in.',
        )}
      </section>`,
  )

export type ReadToken = { header: string; claims: string; verdicts: { good: boolean; words: string }[] }

export const tokenPage = (read: ReadToken | { problem: string } | null): Html =>
  insideLayout(
    'Read a token',
    html`<h1>Read a token</h1>
      <section>
        <form method="post" action="/_emulator/token">
          <label for="token">Paste an access token or ID token; it is shown to you and kept nowhere</label>
          <textarea id="token" name="token" rows="5" spellcheck="false" autocomplete="off"></textarea>
          ${read && 'problem' in read ? html`<p class="problem" role="alert">${read.problem}</p>` : ''}
          <div class="actions"><button class="primary">Read</button></div>
        </form>
      </section>
      ${
        read && 'claims' in read
          ? html`<section>
              <h2>What holds</h2>
              <p>${read.verdicts.map(({ good, words }) => html`<span class="badge ${good ? 'good' : 'warn'}">${words}</span> `)}</p>
              <h2>Header</h2><pre>${read.header}</pre>
              <h2>Claims</h2><pre>${read.claims}</pre>
            </section>`
          : ''
      }`,
  )
