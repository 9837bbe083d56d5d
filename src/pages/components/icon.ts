import { html, raw } from 'hono/html'
import type { Html } from '#pages/html.ts'

const PATHS = {
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  clock: '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
  cross: '<path d="m6.5 6.5 11 11m0-11-11 11"/>',
  info: '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5m0-8.2v.1"/>',
  warning: '<path d="M12 4.5 3.5 19h17zM12 10.5v4m0 2.3v.1"/>',
  danger: '<path d="M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7zM12 8v5m0 2.8v.1"/>',
  plus: '<path d="M12 5.5v13m-6.5-6.5h13"/>',
  minus: '<path d="M5.5 12h13"/>',
  key: '<circle cx="8" cy="12" r="3.5"/><path d="M11.5 12H20m-3 0v3"/>',
  shield: '<path d="M12 3.5 5 6v5.5c0 4.2 2.8 7.4 7 9 4.2-1.6 7-4.8 7-9V6zM9 11.8l2.2 2.2 4-4.3"/>',
  person: '<circle cx="12" cy="8.5" r="3.5"/><path d="M5 19.5c.8-3.4 3.5-5 7-5s6.2 1.6 7 5"/>',
  building:
    '<path d="M5.5 20V5.5a1 1 0 0 1 1-1h7a1 1 0 0 1 1 1V20m0-10.5h3a1 1 0 0 1 1 1V20M3.5 20h17M8.5 8.5h3m-3 3.5h3m-3 3.5h3"/>',
  arrow: '<path d="M5 12h13.5m-5.5-5.5 5.5 5.5-5.5 5.5"/>',
  refresh: '<path d="M19 12a7 7 0 1 1-2.2-5.1M19.5 4v4h-4"/>',
  pause: '<path d="M9 6.5v11m6-11v11"/>',
  exit: '<path d="M13.5 5h-7a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h7m-3.5-7h10m-3.5-3.5 3.5 3.5-3.5 3.5"/>',
  search: '<circle cx="11" cy="11" r="6"/><path d="m15.5 15.5 4 4"/>',
} as const

export type IconName = keyof typeof PATHS

/** A line drawing that takes the colour of its text. It repeats what the words beside it say, so readers pass it over. */
export const icon = (name: IconName): Html =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${raw(PATHS[name])}</svg>`
