import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { moment } from '#console/views/moment.ts'
import type { TenantId } from '#model/ids.ts'
import type { TenantState } from '#model/tenant.ts'
import { emptyState } from '#pages/components/empty-state.ts'
import { table } from '#pages/components/table.ts'
import { tenantBadge } from '#pages/components/tenant-badge.ts'
import type { Html } from '#pages/html.ts'
import type { AuditEntry } from '#store/audit.ts'

const ACTIONS: Record<string, string> = {
  'grants.requested': 'Asked to grant permissions',
  'grants.begun': 'Let an administrator sign in at the terminal to grant permissions',
  'grants.applied': 'Granted a permission',
  'grants.failed': 'Granting failed',
  'sign-up.connected': 'Finished the sign-up',
  'sign-up.rejected': 'Sign-up refused',
  'sign-up.signed-in': 'Signed in to sign up',
  'tenant.connected': 'Connected',
  'tenant.moved': 'State changed',
  'tenant.sync-requested': 'Asked for a run',
  'tenant.removal-allowed': 'Allowed a large removal',
  'tenant.kind-forgotten': 'Deleted what was no longer read',
  'job.retried': 'Tried a job again',
  'incident.closed': 'Closed an incident',
  'credential.added': 'Added a secret',
  'credential.removed': 'Removed a secret',
  'console.signed-in': 'Signed in to the console',
  'console.refused': 'Refused at the console',
}

/** Who did what, the latest first. `names` adds which tenant each line is about. */
export const auditList = (entries: readonly AuditEntry[], names?: ReadonlyMap<TenantId, string>): Html =>
  entries.length === 0
    ? emptyState('Nothing yet', 'Whatever changes here is written down with who, when and why.')
    : table(
        'Audit, the latest first',
        [
          { title: 'When (UTC)', cell: ({ at }) => moment(at) },
          { title: 'What', heading: true, cell: whatOf },
          ...(names ? [{ title: 'Tenant', cell: ({ tenantId }: AuditEntry) => tenantOf(tenantId, names) }] : []),
          { title: 'Who', cell: ({ actor }) => whoOf(actor) },
          { title: 'Why', cell: ({ detail }) => whyOf(detail) },
        ],
        entries,
      )

/** A tenant that never finished a sign-up has no page. */
function tenantOf(id: TenantId | null, names: ReadonlyMap<TenantId, string>): Html | string {
  if (!id) return '—'
  const name = names.get(id)
  return name === undefined ? html`<code>${id}</code>` : html`<a href="/tenants/${id}"><bdi>${name}</bdi></a>`
}

const whatOf = ({ action, to }: AuditEntry): Html =>
  html`<span class="state-cell"><span>${ACTIONS[action] ?? action}</span>${to && action === 'tenant.moved' && tenantBadge(to as TenantState)}</span>`

const KINDS: Record<string, string> = {
  administrator: 'Administrator',
  operator: 'Operator',
  daemon: 'Daemon',
  somebody: 'Somebody',
}

/** Whoever sits at a terminal shows nobody who he is. */
const AT_THE_TERMINAL = 'command-line'

/** `operator:{object id}` as a word and the id. */
function whoOf(actor: string): Html {
  const [kind = '', id] = actor.split(':')
  if (id === AT_THE_TERMINAL) return html`<span class="actor">${KINDS[kind] ?? kind} at the terminal</span>`
  return html`<span class="actor">${KINDS[kind] ?? kind}${id && html` <code title="${id}">${id.slice(0, 8)}</code>`}</span>`
}

/** The detail is small and ours: a reason, a permission, a code. */
const whyOf = (detail: Record<string, unknown>): string =>
  Object.entries(detail)
    .toSorted(([left], [right]) => right.localeCompare(left))
    .flatMap(([name, value]) => (name === 'code' && typeof value === 'string' ? codeInWords(value) : value))
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .join(' · ') || '—'
