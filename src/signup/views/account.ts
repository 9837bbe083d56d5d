import { html } from 'hono/html'
import type { Account } from '#model/administrator.ts'
import { breakable } from '#pages/components/breakable.ts'
import { action } from '#pages/components/button.ts'
import type { Html } from '#pages/html.ts'

/** The way there, as every page of it shows it. */
export const WAY = ['Sign in', 'Review', 'Grant', 'Connected'] as const

/** Who is signed in, and the way out. */
export const accountBar = ({ username }: Pick<Account, 'username'>): Html => html`
  <bdi>${breakable(username)}</bdi>
  ${action('/sign-up/sign-out', 'Sign out', { look: 'quiet' })}`
