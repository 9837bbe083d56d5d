import { html } from 'hono/html'
import { table } from '#emulator/pages/inside-parts.ts'
import { type Html, insideLayout } from '#emulator/pages/layout.ts'

export type RequestLine = {
  at: Date
  method: string
  path: string
  query: string
  status: number
  tenant: string
  app: string
  reason: string
}
export type RequestSearch = {
  refused: boolean
  path: string
  tenant: string
  tenants: { id: string; displayName: string }[]
}

const statusBadge = (status: number) => html`<span class="badge ${status >= 400 ? 'warn' : 'good'}">${status}</span>`

const SHORT = 60

/** A short query stands beside its path; a long one says how much there is, and opens. */
function parameters(query: string): Html | '' {
  const given = [...new URLSearchParams(query)]
  if (given.length === 0) return ''
  const text = given.map(([name, value]) => `${name}=${value}`).join(' & ')
  if (text.length <= SHORT) return html` <code class="soft">${text}</code>`
  return html`<details class="query">
    <summary>${given.length === 1 ? '1 parameter' : `${given.length} parameters`}</summary>
    ${given.map(([name, value]) => html`<p><code>${name}</code> <code class="soft">${value}</code></p>`)}
  </details>`
}

/** What was asked, newest first; what was refused says why. */
export const timeline = (requests: readonly RequestLine[], empty = 'Nobody has asked anything yet.'): Html =>
  table(
    ['Time', 'Request', 'Status', 'Tenant', 'App', 'Why refused'],
    requests.map(({ at, method, path, query, status, tenant, app, reason }) => [
      html`<time datetime="${at.toISOString()}">${at.toISOString().slice(11, 19)}</time>`,
      html`${method} <code>${path}</code>${parameters(query)}`,
      statusBadge(status),
      tenant,
      app,
      reason,
    ]),
    empty,
  )

export const requestsPage = (
  requests: readonly RequestLine[],
  { refused, path, tenant, tenants }: RequestSearch,
): Html =>
  insideLayout(
    'Requests',
    html`<h1>Requests</h1>
      <section>
        <form class="search" method="get" action="/_emulator/requests/page">
          <div><label for="path">Path contains</label><input type="text" id="path" name="path" value="${path}" autocomplete="off" spellcheck="false"></div>
          <div>
            <label for="tenant">Tenant</label>
            <select id="tenant" name="tenant">
              <option value="">All</option>
              ${tenants.map(({ id, displayName }) => html`<option value="${id}"${id === tenant ? html` selected` : ''}>${displayName}</option>`)}
            </select>
          </div>
          <label class="tick"><input type="checkbox" name="refused" value="1"${refused ? html` checked` : ''}> Refused only</label>
          <button>Show</button>
        </form>
      </section>
      <section>
        ${timeline(requests, 'No request is like that.')}
        <p class="more">For assertions the same stands in <a href="/_emulator/requests">/_emulator/requests</a> as JSON. Secrets, codes and tokens do not.</p>
      </section>`,
  )
