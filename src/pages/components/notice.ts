import { html } from 'hono/html'
import { type IconName, icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

export type Tone = 'info' | 'success' | 'warning' | 'danger'

export const TONE_ICONS: Record<Tone, IconName> = {
  info: 'info',
  success: 'check',
  warning: 'warning',
  danger: 'danger',
}
const TONE_WORDS: Record<Tone, string> = {
  info: 'Note',
  success: 'Done',
  warning: 'Please note',
  danger: 'Problem',
}

/** Something that must not be overlooked. The tone is told by an icon and a word too, never by colour alone. */
export const notice = (tone: Tone, title: string, body: Html | string = ''): Html => html`
  <div class="notice ${tone}" role="${tone === 'danger' ? 'alert' : 'note'}">
    ${icon(TONE_ICONS[tone])}
    <div>
      <p class="notice-title"><span class="unseen">${TONE_WORDS[tone]}: </span>${title}</p>
      ${body && html`<div class="notice-body">${body}</div>`}
    </div>
  </div>`
