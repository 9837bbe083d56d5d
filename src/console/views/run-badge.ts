import type { SyncRun } from '#model/sync-run.ts'
import { type BadgeTone, badge } from '#pages/components/badge.ts'
import type { IconName } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

const LOOKS: Record<SyncRun['state'], [text: string, tone: BadgeTone, icon: IconName]> = {
  running: ['Running', 'info', 'refresh'],
  succeeded: ['Succeeded', 'success', 'check'],
  failed: ['Failed', 'danger', 'cross'],
  interrupted: ['Interrupted', 'warning', 'pause'],
}

/** How a run stands, in a word. */
export const runBadge = (state: SyncRun['state']): Html => badge(...LOOKS[state])
