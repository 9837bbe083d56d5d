import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { codeInWords } from '#console/problem-words.ts'
import { listAddress, PAGE_SIZE, type TenantListQuery } from '#console/tenant-list-query.ts'
import { counted, figure } from '#console/views/figure.ts'
import { ago } from '#console/views/moment.ts'
import { nobodyYet } from '#console/views/nobody-yet.ts'
import { OWNERS } from '#console/views/owner.ts'
import { runMark } from '#console/views/run-badge.ts'
import { TENANT_STATES } from '#model/tenant.ts'
import { breakable } from '#pages/components/breakable.ts'
import { button, buttonLink } from '#pages/components/button.ts'
import { emptyState } from '#pages/components/empty-state.ts'
import { type Column, table } from '#pages/components/table.ts'
import { tenantBadge, tenantStateText } from '#pages/components/tenant-badge.ts'
import type { Html } from '#pages/html.ts'
import type { FoundTenant, TenantSearch } from '#store/search-tenants.ts'

/** All tenants, as far as they fit what was asked for. */
export function tenantListView(
  query: TenantListQuery,
  { total, found }: { total: number; found: readonly FoundTenant[] },
  { now, landingUrl }: { now: Date; landingUrl: string },
): ConsolePage {
  const narrowed = query.text !== undefined || query.state || query.code || query.owner
  return {
    section: 'tenants',
    title: 'Tenants',
    body: html`
      <div class="stack">
        <div class="row apart"><h1>Tenants</h1><p class="soft" role="status">${counted(total, 'tenant')}${narrowed && ' found'}</p></div>
        ${searchForm(query)}
        ${found.length === 0 ? nothing(query, landingUrl) : html`<div class="lean">${table('Tenants', columnsOf(query, now), found)}</div>`}
        ${pager(query, total)}
      </div>`,
  }
}

const searchForm = ({ text, state, code, owner, sort, descending }: TenantListQuery): Html => html`
  <form class="finder" method="get" action="/tenants" role="search">
    <div class="finder-text">
      <label for="q">Name, domain or tenant id</label>
      <input id="q" name="q" type="search" value="${text ?? ''}" maxlength="200" autocomplete="off" spellcheck="false">
    </div>
    <div>
      <label for="state">State</label>
      <select id="state" name="state">
        <option value="">Any</option>
        ${TENANT_STATES.map((one) => html`<option value="${one}" ${one === state ? 'selected' : ''}>${tenantStateText(one)}</option>`)}
      </select>
    </div>
    ${sort !== 'name' && html`<input type="hidden" name="sort" value="${sort}">`}
    ${descending && html`<input type="hidden" name="order" value="desc">`}
    ${button('Find', { icon: 'search' })}
    ${
      (code || owner) &&
      html`<p class="finder-only">Only ${code && html`<strong>${codeInWords(code)}</strong>`}${owner && html` for <strong>${OWNERS[owner].name}</strong>`}
        <input type="hidden" name="code" value="${code ?? ''}"><input type="hidden" name="owner" value="${owner ?? ''}">
        <a href="/tenants">Show all</a></p>`
    }
  </form>`

function columnsOf(query: TenantListQuery, now: Date): Column<FoundTenant>[] {
  const sortable = (sort: TenantSearch['sort'], name: string) => ({
    title: sortLink(query, sort, name),
    label: name,
    ...(query.sort === sort ? { sorted: orderOf(query) } : {}),
  })
  return [
    {
      ...sortable('name', 'Tenant'),
      heading: true,
      cell: ({ tenant }) => html`
        <span class="named"><a href="/tenants/${tenant.id}"><bdi>${tenant.displayName}</bdi></a>
        <span class="soft small">${breakable(tenant.defaultDomain ?? tenant.id)}</span></span>`,
    },
    {
      ...sortable('state', 'State'),
      cell: ({ tenant: { state, diagnosis } }) => html`
        <span class="state-cell">${tenantBadge(state)}
        ${diagnosis && html`<span class="soft small">${codeInWords(diagnosis.code)}</span>`}</span>`,
    },
    {
      ...sortable('read', 'Last run'),
      cell: ({ tenant: { diagnosis }, run }) =>
        run
          ? html`<span class="state-cell">${runMark(run, now)}${run.code && run.code !== diagnosis?.code && html`<span class="soft small">${codeInWords(run.code)}</span>`}</span>`
          : 'None yet',
    },
    { ...sortable('changed', 'Changed'), cell: ({ tenant }) => ago(tenant.updatedAt, now) },
  ]
}

/** Sorted by it already: the other way round. Names begin with A, times with the latest. */
function sortLink(query: TenantListQuery, sort: TenantSearch['sort'], name: string): Html {
  const current = query.sort === sort
  const descending = current ? !query.descending : sort === 'changed' || sort === 'read'
  return html`<a class="sort ${current ? orderOf(query) : ''}" href="${listAddress({ ...query, sort, descending, page: 1 })}">${name}</a>`
}

const orderOf = ({ descending }: TenantListQuery): 'ascending' | 'descending' =>
  descending ? 'descending' : 'ascending'

const nothing = ({ text, state, code, owner }: TenantListQuery, landingUrl: string): Html =>
  text !== undefined || state || code || owner
    ? emptyState(
        'No tenant fits',
        html`${(code || owner) && 'None is in this trouble now; what failed has gone well since. '}<a href="/tenants">Show all tenants</a>`,
        'search',
      )
    : nobodyYet(landingUrl)

function pager(query: TenantListQuery, total: number): Html | '' {
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE))
  if (pages === 1) return ''
  const first = (query.page - 1) * PAGE_SIZE + 1
  const last = Math.min(total, query.page * PAGE_SIZE)
  return html`
    <nav class="row apart pager" aria-label="Pages">
      <p class="soft">${first > total ? `Beyond the last of ${figure(total)}` : `${figure(first)}–${figure(last)} of ${figure(total)}`}</p>
      <div class="row">
        ${query.page > 1 && buttonLink('Previous', listAddress({ ...query, page: Math.min(query.page - 1, pages) }))}
        ${query.page < pages && buttonLink('Next', listAddress({ ...query, page: query.page + 1 }))}
      </div>
    </nav>`
}
