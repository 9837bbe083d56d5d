import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { figure } from '#console/views/figure.ts'
import { ago, durationText, moment, turn } from '#console/views/moment.ts'
import { ownerInWords } from '#console/views/owner.ts'
import { runBadge } from '#console/views/run-badge.ts'
import type { TenantStory } from '#flows/tenants/show-tenants.ts'
import { isBuiltIn, type ResourceCounts } from '#model/resource.ts'
import type { ShownKind } from '#model/resources-of.ts'
import { inTheWayOf, type SyncRun } from '#model/sync-run.ts'
import { diagnosisCard } from '#pages/components/diagnosis-card.ts'
import { emptyState } from '#pages/components/empty-state.ts'
import { type Column, table } from '#pages/components/table.ts'
import type { Html } from '#pages/html.ts'

/** Somebody who has just asked for a run watches until it begins; so long it may take when workers are busy. */
const EXPECTED_MILLISECONDS = 2 * 60_000

/** A run is under way, or has been asked for and will begin soon. */
export function isMoving({ runs, audit, nextTryAt }: TenantStory, now: Date): boolean {
  const [latest] = runs
  if (latest?.state === 'running') return true
  if (isPutOff(latest) && nextTryAt && nextTryAt > now) return false
  const asked = audit.find(({ action }) => action === 'tenant.sync-requested' || action === 'tenant.connected')
  return Boolean(
    asked && now.getTime() - asked.at.getTime() < EXPECTED_MILLISECONDS && (!latest || latest.startedAt < asked.at),
  )
}

/** By Microsoft, not by a want of workers. */
const isPutOff = (run: SyncRun | undefined): boolean => run?.state === 'waiting' && run.diagnosis !== null

/** The section about runs; while something moves, it keeps itself up to date. */
export const runsOf = (story: TenantStory, now: Date): Html => html`
  <section class="card stack" aria-labelledby="runs">
    <h2 id="runs">What was read</h2>
    <div class="stack" ${isMoving(story, now) ? html`data-live="/tenants/${story.tenant.id}/events"` : ''}>${runsBody(story, now)}</div>
  </section>`

/** What changes while a run goes on. */
export function runsBody(story: TenantStory, now: Date): Html {
  const { runs, counts, kinds } = story
  const [latest] = runs
  const waiting = isMoving(story, now) && latest?.state !== 'running'
  const met = latest ? inTheWayOf(latest) : null
  return html`
    <dl class="sums">
      ${kinds.filter(({ isRead }) => isRead).map(({ kind, title }) => html`<div><dt>${title}</dt><dd>${figure(counts[kind] ?? 0)}</dd></div>`)}
      <div><dt>Last run</dt><dd class="sum-words">${waiting ? 'Waiting for a worker' : latest ? html`${runBadge(latest.state)} ${ago(latest.startedAt, now)}` : 'None yet'}</dd></div>
      <div><dt>Next try</dt><dd class="sum-words">${nextTryOf(story, now)}</dd></div>
    </dl>
    ${leftOf(story)}
    ${met && !isTold(story, met.code) && diagnosisCard(met, { owner: ownerInWords(met.owner) })}
    ${runs.length === 0 ? emptyState('No run yet', 'The daemon reads the directory soon after a tenant is connected.', 'clock') : html`${runTable(story, now)}<p class="soft small">After the first reading a run reads only what has changed.</p>`}`
}

/** What was read as long as the configuration had it. */
function leftOf({ counts, kinds }: TenantStory): Html | '' {
  const left = kinds.filter(({ isRead }) => !isRead)
  if (left.length === 0) return ''
  const words = left.map(({ kind, title }) => `${title} ${figure(counts[kind] ?? 0)}`).join(', ')
  return html`<p class="soft small">No longer read, and left as it was: ${words}.</p>`
}

/** It stands above already: with the tenant’s state, or as an incident. */
const isTold = ({ tenant, incidents }: TenantStory, code: string): boolean =>
  tenant.diagnosis?.code === code || incidents.some((incident) => incident.code === code)

/** A turn that has come waits for a worker. An incident holds only what would be done without it. */
function nextTryOf({ nextTryAt, incidents }: TenantStory, now: Date): Html | string {
  if (!nextTryAt) return 'Not before somebody does something'
  if (incidents.some(({ holds }) => holds)) return 'When the incident is over'
  const isRefused = incidents.some(({ hosts }) => hosts.length > 0)
  return html`${turn(nextTryAt, now)}${nextTryAt > now && html` <span class="soft small">${moment(nextTryAt)} UTC</span>`}${isRefused && html` <span class="soft small">on a machine whose credential Microsoft accepts</span>`}`
}

const SHOWN = 12

const runTable = ({ runs, kinds }: TenantStory, now: Date): Html =>
  table(
    'Runs, the latest first',
    [
      {
        title: 'Run',
        heading: true,
        cell: ({ state, diagnosis }) =>
          html`<span class="state-cell">${runBadge(state)}${diagnosis && html`<span class="soft small">${codeInWords(diagnosis.code)}</span>`}</span>`,
      },
      { title: 'Started', cell: ({ startedAt }) => ago(startedAt, now) },
      {
        title: 'Took',
        figures: true,
        cell: ({ startedAt, finishedAt }) =>
          finishedAt ? durationText(finishedAt.getTime() - startedAt.getTime()) : '—',
      },
      { title: 'Pages', figures: true, cell: ({ pages }) => figure(pages) },
      ...readColumns(kinds),
      { title: 'Removed', figures: true, cell: ({ removed }) => figure(removed) },
    ],
    runs.slice(0, SHOWN),
  )

/** People and groups have a column each. With kinds of the app’s own there may be many: then what was written stands in one. */
function readColumns(kinds: readonly ShownKind[]): Column<SyncRun>[] {
  const read = kinds.filter(({ isRead }) => isRead)
  if (read.some(({ kind }) => !isBuiltIn(kind)))
    return [{ title: 'Read', cell: ({ counts }) => writtenOf(read, counts) }]
  return read.map(({ kind, title }) => ({
    title: `${title} read`,
    figures: true,
    cell: ({ counts }) => figure(counts[kind] ?? 0),
  }))
}

const writtenOf = (kinds: readonly ShownKind[], counts: ResourceCounts): string =>
  kinds.flatMap(({ kind, title }) => (counts[kind] ? [`${title} ${figure(counts[kind])}`] : [])).join(', ') || '—'
