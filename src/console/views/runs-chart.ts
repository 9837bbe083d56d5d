import { html } from 'hono/html'
import { counted, figure } from '#console/views/figure.ts'
import type { Html } from '#pages/html.ts'
import type { HourOfRuns } from '#store/run-figures.ts'

const COLUMN = 20
const GAP = 4
const HEIGHT = 100
/** One failure among a thousand runs must still be seen. */
const LEAST = 2.5

/** From the ground upwards: what went wrong stands at the bottom, where it can be compared. */
const LAYERS = ['failed', 'interrupted', 'running', 'waiting', 'succeeded'] as const

/** Runs hour by hour, as columns. */
export function runsChart(hours: readonly HourOfRuns[]): Html {
  const sums = hours.map((hour) => LAYERS.reduce((sum, layer) => sum + hour[layer], 0))
  const highest = Math.max(...sums)
  if (highest === 0) return html`<p class="soft">No run has begun in this time.</p>`
  const width = hours.length * COLUMN
  return html`
    <figure class="chart">
      <p class="chart-most">Most in an hour: ${figure(highest)}</p>
      <svg class="runs-chart" viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${labelOf(hours)}">
        <line class="chart-line" x1="0" x2="${width}" y1="0" y2="0"></line>
        <line class="chart-line" x1="0" x2="${width}" y1="${HEIGHT / 2}" y2="${HEIGHT / 2}"></line>
        <line class="chart-ground" x1="0" x2="${width}" y1="${HEIGHT}" y2="${HEIGHT}"></line>
        ${hours.map((hour, index) => columnOf(hour, index * COLUMN + GAP / 2, highest))}
      </svg>
      <figcaption class="chart-times"><span>${timeOf(hours[0])} UTC</span><span>${timeOf(hours[Math.floor(hours.length / 2)])}</span><span>now</span></figcaption>
    </figure>`
}

function columnOf(hour: HourOfRuns, x: number, highest: number): Html {
  let y = HEIGHT
  const layers = LAYERS.filter((layer) => hour[layer] > 0).map((layer) => {
    const height = Math.max(LEAST, (hour[layer] / highest) * HEIGHT)
    y -= height
    return html`<rect class="run-${layer}" x="${x}" y="${round(Math.max(0, y))}" width="${COLUMN - GAP}" height="${round(height)}"></rect>`
  })
  const words = LAYERS.filter((layer) => hour[layer] > 0).map((layer) => `${figure(hour[layer])} ${layer}`)
  return html`<g><title>${timeOf(hour)} UTC: ${words.join(', ') || 'no runs'}</title><rect class="run-none" x="${x}" y="0" width="${COLUMN - GAP}" height="${HEIGHT}"></rect>${layers}</g>`
}

const timeOf = (hour: HourOfRuns | undefined): string => hour?.hour.toISOString().slice(11, 16) ?? ''
const round = (value: number): number => Math.round(value * 10) / 10

function labelOf(hours: readonly HourOfRuns[]): string {
  const sum = (layer: (typeof LAYERS)[number]) => hours.reduce((total, hour) => total + hour[layer], 0)
  return `Runs in the last ${hours.length} hours: ${counted(sum('succeeded'), 'run')} succeeded, ${figure(sum('failed'))} failed, ${figure(sum('interrupted'))} interrupted, ${figure(sum('running'))} running, ${figure(sum('waiting'))} waiting`
}
