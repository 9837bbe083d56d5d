import { html } from 'hono/html'
import { type IconName, icon } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

export type ButtonLook = 'primary' | 'secondary' | 'quiet' | 'danger'

type Dress = {
  look?: ButtonLook
  icon?: IconName
  /** Said to readers only, where several buttons of one name stand on a page. */
  about?: string
}
const className = (look: ButtonLook = 'secondary') => `button ${look}`

/** Submits the form around it. After the press it says that something is under way. */
export const button = (text: string, { look, icon: name, about }: Dress = {}): Html =>
  html`<button class="${className(look)}" type="submit">${text}${about && html`<span class="unseen">: ${about}</span>`}${name && icon(name)}</button>`

/** A link that looks like a button: it leads somewhere and changes nothing. */
export const buttonLink = (text: string, href: string, { look, icon: name }: Dress = {}): Html =>
  html`<a class="${className(look)}" href="${href}">${text}${name && icon(name)}</a>`

/** A form that is one button: the only way in which a page of ours changes something. */
export const action = (
  path: string,
  text: string,
  { fields = {}, ...dress }: Dress & { /** Hidden fields, sent along. */ fields?: Record<string, string> } = {},
): Html => html`
  <form class="action" method="post" action="${path}">
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
    ${button(text, dress)}
  </form>`
