import { html } from 'hono/html'
import type { Html } from '#pages/html.ts'

/** A long name, such as a domain, an account or a permission, may go on in the next line behind each full stop and each @. */
export const breakable = (value: string): Html => {
  const [first = '', ...rest] = value.split(/(?<=[.@])/)
  return html`${first}${rest.map((part) => html`<wbr>${part}`)}`
}
