import { html } from 'hono/html'
import type { Html } from '#pages/html.ts'

const SECOND = 1_000
const MINUTE = 60_000
/** Hours are counted up to two days: “yesterday” would be any of 47 of them. */
const UNITS = [
  { name: 'day', milliseconds: 86_400_000, from: 172_800_000 },
  { name: 'hour', milliseconds: 3_600_000, from: 3_600_000 },
  { name: 'minute', milliseconds: MINUTE, from: MINUTE },
] as const
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** 2026-03-02 08:00:05 UTC */
export const momentText = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** The moment itself, for lists where exactness counts. */
export const moment = (at: Date): Html =>
  html`<time datetime="${at.toISOString()}" title="${momentText(at)}">${momentText(at).slice(0, 16)}</time>`

/** How long ago; the moment itself when one points at it. */
export const ago = (at: Date, now: Date): Html =>
  html`<time datetime="${at.toISOString()}" title="${momentText(at)}">${agoText(at, now)}</time>`

export function agoText(at: Date, now: Date): string {
  const passed = now.getTime() - at.getTime()
  const unit = UNITS.find(({ from }) => Math.abs(passed) >= from)
  if (!unit) return passed < 0 ? 'in less than a minute' : 'just now'
  return relative.format(-Math.round(passed / unit.milliseconds), unit.name)
}

/** The planner looks once a minute; a turn that has passed for longer waits for a worker. */
const LATE = 2 * MINUTE

/** When something is done next, or since when it waits to be done. */
export const turn = (at: Date, now: Date): Html => {
  const late = now.getTime() - at.getTime()
  return late < 0 ? ago(at, now) : late < LATE ? html`now` : html`<span>was due ${ago(at, now)}</span>`
}

/** 850 ms, 12 s, 4 min, 2 h 5 min */
export function durationText(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.max(0, Math.round(milliseconds))} ms`
  const seconds = Math.round(milliseconds / SECOND)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
