import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { codeInWords } from '#console/problem-words.ts'
import { openIncidents, whoseIs } from '#console/views/incident-list.ts'
import { moment } from '#console/views/moment.ts'
import type { ListedCredentials } from '#flows/credentials/list-credentials.ts'
import { type CredentialListing, daysLeft, warningStage } from '#model/credential.ts'
import type { TenantId } from '#model/ids.ts'
import type { Incident } from '#model/incident.ts'
import type { Diagnosis } from '#model/problem.ts'
import { type BadgeTone, badge } from '#pages/components/badge.ts'
import { emptyState } from '#pages/components/empty-state.ts'
import { table } from '#pages/components/table.ts'
import type { Html } from '#pages/html.ts'

/** `problem`: why the registration could not be read, so that only what the configuration tells is shown. */
export type ShownCredentials = ListedCredentials & { problem?: Diagnosis }

export type IncidentsParts = {
  incidents: readonly Incident[]
  names: ReadonlyMap<TenantId, string>
  credentials: ShownCredentials
  now: Date
}

/** What must never happen, what stops the work for everybody, and the credential on which all of it hangs. */
export function incidentsView({ incidents, names, credentials, now }: IncidentsParts): ConsolePage {
  const open = incidents.filter(({ closedAt }) => closedAt === null)
  const closed = incidents.filter(({ closedAt }) => closedAt !== null)
  return {
    section: 'incidents',
    title: 'Incidents',
    refreshSeconds: 60,
    body: html`
      <div class="stack roomy">
        <div class="stack tight"><h1>Incidents</h1><p class="soft">What must never happen, and what stops the work for everybody.</p></div>
        ${open.length === 0 ? nothingOpen : html`<section class="stack" aria-labelledby="open"><h2 id="open">Open</h2>${openIncidents(open, names, now)}</section>`}
        <section class="card stack" aria-labelledby="credentials"><h2 id="credentials">The app’s credentials</h2>${credentialsOf(credentials, now)}</section>
        ${closed.length > 0 && html`<section class="card stack" aria-labelledby="closed"><h2 id="closed">Closed</h2>${closedTable(closed, names)}</section>`}
      </div>`,
  }
}

const nothingOpen: Html = emptyState(
  'Nothing is open',
  'Should a token, a link or a job turn up where it does not belong, or should most tenants fail at once, it stands here.',
  'shield',
)

function credentialsOf(listed: ShownCredentials, now: Date): Html {
  return html`
    ${table(
      'The app’s credentials',
      [
        {
          title: 'Credential',
          heading: true,
          cell: ({ kind, name, inUse }: CredentialListing) =>
            html`<span class="state-cell"><span>${name ?? (kind === 'secret' ? 'Secret' : 'Certificate')}</span>${inUse && badge('In use', 'info')}</span>`,
        },
        { title: 'Kind', cell: ({ kind }) => (kind === 'secret' ? 'Secret' : 'Certificate') },
        { title: 'Ends (UTC)', cell: ({ expiresAt }) => (expiresAt ? moment(expiresAt) : 'Not known') },
        { title: 'Left', figures: true, cell: ({ expiresAt }) => (expiresAt ? leftBadge(expiresAt, now) : '—') },
        { title: 'Key id', cell: ({ keyId }) => (keyId ? html`<code>${keyId}</code>` : '—') },
      ],
      listed.credentials,
    )}
    ${!listed.registrationRead && html`<p class="soft small">Only what this installation uses is shown: ${whyNotRead(listed)}</p>`}`
}

const whyNotRead = ({ problem }: ShownCredentials): string =>
  problem
    ? `the registration could not be read just now. ${problem.message}`
    : 'the app may not read its own registration. Application.Read.All in the home tenant lets it.'

function leftBadge(expiresAt: Date, now: Date): Html {
  const days = daysLeft(expiresAt, now)
  const stage = warningStage(expiresAt, now)
  const tone: BadgeTone = stage === null ? 'success' : stage <= 3 ? 'danger' : 'warning'
  return badge(days < 0 ? 'Over' : days === 1 ? '1 day' : `${days} days`, tone)
}

const closedTable = (closed: readonly Incident[], names: ReadonlyMap<TenantId, string>): Html =>
  table(
    'Closed incidents, the latest first',
    [
      {
        title: 'Incident',
        heading: true,
        cell: (incident: Incident) => html`${codeInWords(incident.code)} ${whoseIs(incident, names)}`,
      },
      { title: 'Opened (UTC)', cell: ({ openedAt }) => moment(openedAt) },
      { title: 'Closed (UTC)', cell: ({ closedAt }) => (closedAt ? moment(closedAt) : '—') },
      { title: 'By', cell: ({ closedBy }) => (closedBy === 'daemon' ? 'Itself' : 'An operator') },
      { title: 'Times', figures: true, cell: ({ times }) => times },
    ],
    closed,
  )
