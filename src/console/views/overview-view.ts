import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { codeInWords } from '#console/problem-words.ts'
import { counted, figure } from '#console/views/figure.ts'
import { openIncidents } from '#console/views/incident-list.ts'
import { jobInWords } from '#console/views/job-words.ts'
import { laggingSection } from '#console/views/lagging-list.ts'
import { ago, momentText } from '#console/views/moment.ts'
import { nobodyYet } from '#console/views/nobody-yet.ts'
import { OWNERS } from '#console/views/owner.ts'
import { runsChart } from '#console/views/runs-chart.ts'
import { statePicture } from '#console/views/state-picture.ts'
import { troublesSection } from '#console/views/troubles.ts'
import type { Fleet } from '#flows/fleet/oversee-fleet.ts'
import { givenUpIn, type QueueDepth } from '#jobs/inspect.ts'
import { DEAD_LETTER } from '#jobs/names.ts'
import type { SyncRun } from '#model/sync-run.ts'
import { icon } from '#pages/components/icon.ts'
import { notice } from '#pages/components/notice.ts'
import { prose } from '#pages/components/prose.ts'
import { table } from '#pages/components/table.ts'
import type { Html } from '#pages/html.ts'
import type { RunFailures, RunFigures } from '#store/run-figures.ts'

/** How everything is, on one page. `landingUrl`: where customers sign up. */
export function overviewView(fleet: Fleet, { landingUrl }: { landingUrl: string }): ConsolePage {
  const total = Object.values(fleet.byState).reduce((sum, count) => sum + count, 0)
  return {
    section: 'overview',
    title: 'Overview',
    refreshSeconds: 60,
    body: html`
      <div class="stack roomy">
        <div class="row apart">
          <h1>Overview</h1>
          <p class="soft small">As of <time datetime="${fleet.at.toISOString()}">${momentText(fleet.at)}</time></p>
        </div>
        ${incidentsSection(fleet)}
        <section class="card stack" aria-labelledby="tenants">
          <div class="row apart"><h2 id="tenants">${counted(total, 'tenant')}</h2><a href="/tenants">All tenants</a></div>
          ${total === 0 ? nobodyYet(landingUrl) : statePicture(fleet.byState)}
        </section>
        ${troublesSection(fleet.troubles, { now: fleet.at, incidents: fleet.incidents.length, ours: oursToMend(fleet) })}
        ${laggingSection(fleet.lag, fleet.lagging, fleet.at)}
        <div class="columns leaning">
          ${runsSection(fleet.runs)}
          ${queueSection(fleet)}
        </div>
      </div>`,
  }
}

/** Before everything else: what must never happen does not wait for somebody to look for it. */
const incidentsSection = ({ incidents, incidentCounts, incidentTenants, at }: Fleet): Html | '' => {
  const total = incidentCounts.reduce((sum, { incidents: count }) => sum + count, 0)
  const more = total - incidents.length
  return total === 0
    ? ''
    : html`
        <section class="stack" aria-labelledby="incidents">
          <div class="row apart"><h2 id="incidents">${counted(total, 'open incident')}</h2><a href="/incidents">All incidents</a></div>
          ${openIncidents(incidents, incidentTenants, at)}
          ${more > 0 && html`<p><a href="/incidents">And ${figure(more)} more</a></p>`}
        </section>`
}

/** What stands still although no tenant is to blame. */
const oursToMend = ({ workers, queue }: Fleet): readonly Html[] => {
  const givenUp = givenUpIn(queue)
  return [
    ...(workers.length === 0
      ? [notice('warning', 'No worker runs', prose('What is due waits until one is started, with `tenantry work`.'))]
      : []),
    ...(givenUp > 0
      ? [
          notice(
            'warning',
            'Work was given up',
            html`<a href="/jobs#dead">${counted(givenUp, 'job was', 'jobs were')} given up</a>: see why, and try again.`,
          ),
        ]
      : []),
  ]
}

function runsSection({ hours, failures }: RunFigures): Html {
  const sum = (state: SyncRun['state']) => hours.reduce((total, hour) => total + hour[state], 0)
  const sums = [
    ['succeeded', 'Succeeded'],
    ['failed', 'Failed'],
    ['interrupted', 'Interrupted'],
    ['running', 'Running'],
    ['waiting', 'Waiting'],
  ] as const
  return html`
    <section class="card stack" aria-labelledby="runs">
      <h2 id="runs">Runs in the last 24 hours</h2>
      <dl class="sums">
        ${sums.map(([state, name]) => html`<div><dt><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="run-${state}" width="10" height="10" rx="3"></rect></svg>${name}</dt><dd>${figure(sum(state))}</dd></div>`)}
      </dl>
      ${runsChart(hours)}
      ${failures.length > 0 && failureTable(failures)}
    </section>`
}

const failureTable = (failures: readonly RunFailures[]): Html => html`
  <h3>Why runs failed</h3>
  ${table(
    'Failed runs by cause and owner',
    [
      {
        title: 'Cause',
        heading: true,
        cell: ({ code, owner }) => html`<a href="/tenants?code=${code}&amp;owner=${owner}">${codeInWords(code)}</a>`,
      },
      { title: 'Owner', cell: ({ owner }) => OWNERS[owner].name },
      { title: 'Runs', figures: true, cell: ({ runs }) => figure(runs) },
      { title: 'Tenants', figures: true, cell: ({ tenants }) => figure(tenants) },
    ],
    failures,
  )}`

/** What stands still at nought is left out; reading directories is what it is all about. What was given up waits for no worker. */
const isShown = ({ name, ready, deferred, active, failed }: QueueDepth): boolean =>
  name === 'sync-tenant' || (name !== DEAD_LETTER && ready + deferred + active + failed > 0)

const queueSection = ({ queue, workers, budgetLeft, at: now }: Fleet): Html => {
  const due = queue
    .filter(isShown)
    .flatMap(({ oldestDueAt }) => oldestDueAt ?? [])
    .toSorted((a, b) => a.getTime() - b.getTime())[0]
  return html`
    <section class="card stack" aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      <p class="soft">${due ? html`The longest waiting job was due ${ago(due, now)}.` : 'Nothing waits that is due.'}</p>
      ${workers.length > 0 && html`<p class="soft">${counted(workers.length, 'worker')} on ${counted(new Set(workers.map(({ host }) => host)).size, 'machine')}.</p>`}
      ${budgetLeft.units === 0 && html`<p class="trouble-next">${icon('warning')}<span>Microsoft Graph lets the whole app rest. What asks for it waits, and goes on by itself.</span></p>`}
      ${table(
        'Jobs by kind',
        [
          { title: 'Job', heading: true, cell: ({ name }) => jobInWords(name) },
          { title: 'Due', figures: true, cell: ({ ready }) => figure(ready) },
          { title: 'Running', figures: true, cell: ({ active }) => figure(active) },
          { title: 'Later', figures: true, cell: ({ deferred }) => figure(deferred) },
          { title: 'Failed', figures: true, cell: ({ failed }) => figure(failed) },
        ],
        queue.filter(isShown),
      )}
    </section>`
}
