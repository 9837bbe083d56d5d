import { html } from 'hono/html'
import type { Tone } from '#pages/components/notice.ts'
import type { Html } from '#pages/html.ts'

const WIDTH = 100
const HEIGHT = 6

/** A part of a whole as a bar, 0 to 1. `label` says in words what it shows. */
export const meter = (share: number, label: string, tone: Tone = 'info'): Html => {
  const filled = Math.min(Math.max(share, 0), 1) * WIDTH
  return html`<svg class="meter ${tone}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
    <rect class="meter-whole" width="${WIDTH}" height="${HEIGHT}"></rect>
    <rect class="meter-part" width="${filled}" height="${HEIGHT}"></rect>
  </svg>`
}
