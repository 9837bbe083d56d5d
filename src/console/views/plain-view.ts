import { html } from 'hono/html'
import type { Page } from '#pages/layout.ts'

/** A page that says one thing. */
export const plainView = (title: string, text: string): Page => ({
  title,
  width: 'reading',
  body: html`<div class="stack"><h1>${title}</h1><p class="lead">${text}</p><p><a href="/">To the console</a></p></div>`,
})
