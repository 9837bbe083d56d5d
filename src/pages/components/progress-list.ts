import { html } from 'hono/html'
import type { ProgressStep } from '#model/sign-up.ts'
import { type IconName, icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

const STATES: Record<ProgressStep['state'], { word: string; icon: IconName | null }> = {
  running: { word: 'under way', icon: null },
  waiting: { word: 'waiting', icon: 'clock' },
  done: { word: 'done', icon: 'check' },
  failed: { word: 'failed', icon: 'cross' },
}

/** Lines of visible progress, in the order in which they happen. Where it is live, a line that changes is read as a whole. */
export const progressList = (lines: readonly ProgressStep[]): Html => html`
  <ol class="progress">
    ${lines.map(({ text, state }) => {
      const { word, icon: name } = STATES[state]
      return html`
      <li class="${state}" aria-atomic="true">
        <span class="progress-mark">${name ? icon(name) : html`<span class="spinner" aria-hidden="true"></span>`}</span>
        <span class="progress-text">${text}</span>
        <span class="progress-word">${word}</span>
      </li>`
    })}
  </ol>`
