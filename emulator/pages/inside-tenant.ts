import { html } from 'hono/html'
import { stateBadge, table } from '#emulator/pages/inside-parts.ts'
import { type Html, insideLayout } from '#emulator/pages/layout.ts'

type Listed<Item> = { shown: Item[]; of: number }
export type TenantView = {
  id: string
  displayName: string
  domains: string[]
  accounts: { name: string; displayName: string; roles: string; enabled: boolean }[]
  apps: { name: string; appId: string; objectId: string; enabled: boolean; roles: string[] }[]
  consents: { app: string; resource: string; who: string; scopes: string }[]
  users: Listed<{ id: string; name: string; displayName: string; enabled: boolean; guest: boolean }>
  groups: Listed<{ id: string; displayName: string; kind: string; members: number }>
  search: string
}

const howMany = ({ shown, of }: Listed<unknown>, noun: string): string =>
  `${shown.length < of ? `${shown.length} of ` : ''}${of.toLocaleString('en-GB')} ${noun}${of === 1 ? '' : 's'}`

/** Everything of one tenant: apps and what they may do, who consented, people and groups. */
export const tenantPage = (tenant: TenantView): Html =>
  insideLayout(
    tenant.displayName,
    html`<h1>${tenant.displayName}</h1>
      <p class="soft"><code>${tenant.id}</code> · ${tenant.domains.join(', ')}</p>
      <section>
        <h2>Service principals</h2>
        ${table(
          ['App', 'Client id', 'Object id', 'State', 'Application permissions'],
          tenant.apps.map(({ name, appId, objectId, enabled, roles }) => [
            name,
            html`<code>${appId}</code>`,
            html`<code>${objectId}</code>`,
            stateBadge(enabled),
            roles.join(', ') || 'none',
          ]),
          'No app is present.',
        )}
      </section>
      <section>
        <h2>Consents</h2>
        ${table(
          ['App', 'To', 'For', 'Delegated permissions'],
          tenant.consents.map(({ app, resource, who, scopes }) => [app, resource, who, scopes]),
          'Nobody has consented to anything.',
        )}
      </section>
      <section>
        <h2>Accounts that can sign in</h2>
        ${table(
          ['Account', 'Name', 'Directory roles', 'State'],
          tenant.accounts.map(({ name, displayName, roles, enabled }) => [
            name,
            displayName,
            roles || 'none',
            stateBadge(enabled),
          ]),
          'Nobody can sign in.',
        )}
      </section>
      <section id="people">
        <h2>People and groups</h2>
        <form class="search" method="get" action="/_emulator/tenants/${tenant.id}#people">
          <div><label for="search">Name contains</label><input type="text" id="search" name="search" value="${tenant.search}" autocomplete="off" spellcheck="false"></div>
          <button>Show</button>
        </form>
        <h3>${howMany(tenant.users, 'user')}</h3>
        ${table(
          ['User', 'Id', 'Name', 'State'],
          tenant.users.shown.map(({ id, name, displayName, enabled, guest }) => [
            name,
            html`<code>${id}</code>`,
            displayName,
            html`${stateBadge(enabled)}${guest ? html` <span class="badge">guest</span>` : ''}`,
          ]),
          'Nobody has such a name.',
        )}
        <h3>${howMany(tenant.groups, 'group')}</h3>
        ${table(
          ['Group', 'Id', 'Kind', 'Members'],
          tenant.groups.shown.map(({ id, displayName, kind, members }) => [
            displayName,
            html`<code>${id}</code>`,
            kind,
            String(members),
          ]),
          'No group has such a name.',
        )}
      </section>`,
  )
