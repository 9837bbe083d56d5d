import { html } from 'hono/html'
import { lever, stamp, table } from '#emulator/pages/inside-parts.ts'
import { type RequestLine, timeline } from '#emulator/pages/inside-requests.ts'
import { type Html, insideLayout } from '#emulator/pages/layout.ts'

export type Overview = {
  origins: { https: string; browser: string }
  now: Date
  offsetSeconds: number
  isStopped: boolean
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
  snapshots: string[]
}

export const overviewPage = (facts: Overview): Html =>
  insideLayout(
    'Inside',
    html`<h1>Inside the emulator</h1>
      <section>
        <dl class="facts">
          <div><dt>For programs</dt><dd>${facts.origins.https}</dd></div>
          <div><dt>For browsers</dt><dd>${facts.origins.browser}</dd></div>
          <div><dt>Its time</dt><dd>${stamp(facts.now)}${facts.offsetSeconds === 0 ? '' : html` <span class="badge">turned</span>`}${facts.isStopped ? html` <span class="badge">stopped</span>` : ''}</dd></div>
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
        <h2>Snapshots</h2>
        <p class="soft">A copy of everything in the directory, and of the time, to go back to as often as you like.</p>
        <div class="levers">
          ${lever('snapshot', 'Take a snapshot')}
          ${facts.snapshots.map((id) => lever('restore', `Back to snapshot ${id}`, { id }))}
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
        ${facts.requests.length > 0 ? html`<p class="more"><a href="/_emulator/requests/page">All requests, and the refused ones alone</a></p>` : ''}
      </section>`,
  )
