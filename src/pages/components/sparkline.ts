import { html } from 'hono/html'
import type { Html } from '#pages/html.ts'

const WIDTH = 120
const HEIGHT = 28
const MARGIN = 3

/** A run of figures as a line. `label` says in words what it shows. */
export function sparkline(figures: readonly number[], label: string): Html {
  const highest = Math.max(...figures, 1)
  const step = (WIDTH - 2 * MARGIN) / Math.max(figures.length - 1, 1)
  const points = figures.map((figure, index) => ({
    x: round(MARGIN + index * step),
    y: round(HEIGHT - MARGIN - (figure / highest) * (HEIGHT - 2 * MARGIN)),
  }))
  const last = points.at(-1)
  return html`<svg class="sparkline" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${label}">
    <polyline points="${points.map(({ x, y }) => `${x},${y}`).join(' ')}"></polyline>
    ${last && html`<circle cx="${last.x}" cy="${last.y}" r="2.5"></circle>`}
  </svg>`
}

const round = (value: number): number => Math.round(value * 10) / 10
