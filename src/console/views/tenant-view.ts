import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { auditList } from '#console/views/audit-list.ts'
import { openIncidents } from '#console/views/incident-list.ts'
import { ago, moment } from '#console/views/moment.ts'
import { ownerInWords } from '#console/views/owner.ts'
import { actionsFor } from '#console/views/tenant-actions.ts'
import { tenantJobs } from '#console/views/tenant-jobs.ts'
import { runsOf } from '#console/views/tenant-runs.ts'
import type { TenantJobs } from '#flows/queue/list-tenant-jobs.ts'
import type { TenantStory } from '#flows/tenants/show-tenants.ts'
import type { DeclaredPermission } from '#model/permission.ts'
import type { Tenant } from '#model/tenant.ts'
import { breakable } from '#pages/components/breakable.ts'
import { codeBlock, copyable } from '#pages/components/code-block.ts'
import { diagnosisCard } from '#pages/components/diagnosis-card.ts'
import { type Fact, facts } from '#pages/components/facts.ts'
import { permissionList, type ShownPermission } from '#pages/components/permission-list.ts'
import { tenantBadge, tenantStateText } from '#pages/components/tenant-badge.ts'
import type { Html } from '#pages/html.ts'
import type { Grant } from '#store/grants.ts'

export type TenantParts = {
  story: TenantStory
  jobs: TenantJobs
  declared: readonly DeclaredPermission[]
  invitation: string
  script: string
  now: Date
}

/** Everything about one tenant, and what can be done for it. */
export function tenantView({ story, jobs, declared, invitation, script, now }: TenantParts): ConsolePage {
  const { tenant, grants, audit, incidents } = story
  return {
    section: 'tenants',
    title: tenant.displayName,
    body: html`
      <div class="stack roomy">
        <div class="stack">
          <p class="crumb"><a href="/tenants">Tenants</a></p>
          <div class="row apart">
            <div class="stack tight">
              <div class="row"><h1><bdi>${tenant.displayName}</bdi></h1>${tenantBadge(tenant.state)}</div>
              <p class="soft">${tenant.defaultDomain ? breakable(tenant.defaultDomain) : 'No domain known'}</p>
            </div>
            ${actionsFor(tenant, { asksRemoval: asksRemoval(story) })}
          </div>
          ${incidents.length > 0 && html`<section aria-labelledby="incidents"><h2 id="incidents" class="unseen">Open incidents</h2>${openIncidents(incidents, new Map([[tenant.id, tenant.displayName]]), now)}</section>`}
          ${whyOf(story, now)}
        </div>
        <div class="columns leaning">
          <div class="stack">
            ${runsOf(story, now)}
            ${tenantJobs(tenant.id, jobs, now)}
          </div>
          <div class="stack">
            <section class="card stack" aria-labelledby="facts"><h2 id="facts">Facts</h2>${factsOf(story, now)}</section>
            <section class="card stack" aria-labelledby="grants">
              <h2 id="grants">Permissions</h2>
              ${permissionList(shownPermissions(declared, hasAccess(tenant) ? grants : []))}
              ${grants.length > 0 && html`<p class="soft small">${hasAccess(tenant) ? html`As last seen ${ago(lastSeen(grants), now)}.` : 'None of them counts while the app has no access.'} Verify looks again.</p>`}
            </section>
          </div>
        </div>
        ${handOuts(tenant, invitation, script)}
        <section class="card stack" aria-labelledby="audit"><h2 id="audit">Audit</h2>${auditList(audit)}</section>
      </div>`,
  }
}

/** Why it is in its state: the diagnosis, or else what somebody wrote when moving it there. */
function whyOf({ tenant, audit }: TenantStory, now: Date): Html | '' {
  if (tenant.diagnosis) {
    const { owner } = tenant.diagnosis
    return html`${diagnosisCard(tenant.diagnosis, { owner: ownerInWords(owner) })}
      ${owner === 'customer-administrator' && html`<p><a href="#hand-outs">What to send to their administrator</a></p>`}`
  }
  if (tenant.state === 'active') return ''
  const move = audit.find(({ action, to }) => action === 'tenant.moved' && to === tenant.state)
  const reason = move?.detail.reason
  return move
    ? html`<p class="soft">${tenantStateText(tenant.state)} ${ago(move.at, now)}${typeof reason === 'string' && html`: “${reason}”`}</p>`
    : ''
}

/** Its reading has stopped before it removed much, and waits for an operator’s word. */
const asksRemoval = ({ runs }: TenantStory): boolean =>
  runs.find(({ state }) => state === 'succeeded' || state === 'failed')?.diagnosis?.code === 'REMOVAL_TOO_LARGE'

function factsOf({ tenant }: TenantStory, now: Date): Html {
  const entries: (Fact | null)[] = [
    ['Tenant id', copyable('tenant id', tenant.id)],
    ['Default domain', tenant.defaultDomain ? breakable(tenant.defaultDomain) : '—'],
    tenant.servicePrincipalId
      ? ['Service principal', copyable('service principal id', tenant.servicePrincipalId)]
      : null,
    [
      'Connected',
      tenant.connectedAt ? html`${moment(tenant.connectedAt)} UTC, ${ago(tenant.connectedAt, now)}` : 'Never',
    ],
    ['State changed', ago(tenant.updatedAt, now)],
  ]
  return facts(entries.filter((entry) => entry !== null))
}

/** Whatever was granted lets nobody in where the app is gone or disabled. */
const hasAccess = ({ state }: Tenant): boolean => state !== 'revoked'

/** What we declare, each with whether it is there. Nothing is said of a tenant that was never looked at. */
function shownPermissions(declared: readonly DeclaredPermission[], grants: readonly Grant[]): ShownPermission[] {
  const held = new Set(grants.filter(({ status }) => status === 'granted').map(({ permission }) => permission))
  return declared.map((permission) => ({
    ...permission,
    ...(grants.length > 0 ? { status: held.has(permission.value) ? ('granted' as const) : ('missing' as const) } : {}),
  }))
}

const lastSeen = (grants: readonly Grant[]): Date => new Date(Math.max(...grants.map(({ seenAt }) => seenAt.getTime())))

const handOuts = (tenant: Tenant, invitation: string, script: string): Html => html`
  <section class="stack" aria-labelledby="hand-outs">
    <div class="stack tight">
      <h2 id="hand-outs">For their administrator</h2>
      <p class="soft">The link lets administrators of this tenant sign up again, and nobody else. The script grants the permissions by hand.</p>
    </div>
    ${codeBlock('Invitation link', invitation)}
    <details class="fold">
      <summary>Script for the Azure CLI</summary>
      <div class="stack">${codeBlock('Script that grants the permissions', script)}
        <p><a href="/tenants/${tenant.id}/script" download>Save it as a file</a></p></div>
    </details>
  </section>`
