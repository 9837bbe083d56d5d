import { html } from 'hono/html'
import { ago } from '#console/views/moment.ts'
import type { SyncRun } from '#model/sync-run.ts'
import { type BadgeTone, badge } from '#pages/components/badge.ts'
import { type IconName, icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

const LOOKS: Record<SyncRun['state'], [text: string, tone: BadgeTone, icon: IconName]> = {
  running: ['Running', 'info', 'refresh'],
  waiting: ['Waiting', 'info', 'clock'],
  succeeded: ['Succeeded', 'success', 'check'],
  failed: ['Failed', 'danger', 'cross'],
  interrupted: ['Interrupted', 'warning', 'pause'],
}

/** How a run stands, in a word. */
export const runBadge = (state: SyncRun['state']): Html => badge(...LOOKS[state])

/** The latest run where there are many tenants: what went well is quiet, so that the rest is seen. */
export const runMark = ({ state, startedAt }: Pick<SyncRun, 'state' | 'startedAt'>, now: Date): Html =>
  state === 'succeeded'
    ? html`<span class="calm">${icon('check')}<span class="unseen">Succeeded</span>${ago(startedAt, now)}</span>`
    : html`<span class="state-cell">${runBadge(state)} <span class="soft small">${ago(startedAt, now)}</span></span>`
