import { html } from 'hono/html'
import { icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

/** Where on the way somebody is. `current` counts from 0; the number of steps means that all are done. */
export const steps = (names: readonly string[], current: number): Html => html`
  <ol class="steps" aria-label="Steps">
    ${names.map((name, index) => {
      const state = index < current ? 'done' : index === current ? 'current' : 'ahead'
      return html`
      <li class="${state}" ${state === 'current' ? html`aria-current="step"` : ''}>
        <span class="step-mark" aria-hidden="true">${state === 'done' ? icon('check') : index + 1}</span>
        <span class="step-name">${name}${state === 'done' && html`<span class="unseen"> (done)</span>`}</span>
      </li>`
    })}
  </ol>`
