import type { Handler } from 'hono'
import { html } from 'hono/html'
import { beginSignUp } from '#flows/sign-up/begin-sign-up.ts'
import { completeSignUp } from '#flows/sign-up/complete-sign-up.ts'
import type { SignUpTicket } from '#model/administrator.ts'
import { parseTenantId, type TenantId } from '#model/ids.ts'
import type { Html } from '#pages/html.ts'
import { onwardPage } from '#pages/onward.ts'
import { show, showProblem } from '#signup/answers.ts'
import { type Door, invitationLink } from '#signup/door.ts'
import { landingView } from '#signup/views/landing-view.ts'
import { plainView } from '#signup/views/plain-view.ts'
import { signedOutView } from '#signup/views/signed-out-view.ts'

export const footer: Html = html`<li><a href="/leave">How to leave</a></li>`

/** Before anyone signs in; with ?tenant= it is the invitation of that tenant. */
export const landing =
  (door: Door): Handler =>
  (c) => {
    const invited = readInvitation(c.req.query('tenant'))
    if (invited === 'malformed') return show(c, door, malformed, 400)
    return show(c, door, landingView(door.site.app, { invitedTenantId: invited }))
  }

export const begin =
  (door: Door): Handler =>
  async (c) => {
    const { tenant } = await c.req.parseBody()
    const invitedTenantId = readInvitation(typeof tenant === 'string' ? tenant : undefined)
    if (invitedTenantId === 'malformed') return show(c, door, malformed, 400)
    const { redirectTo, ticket } = await beginSignUp(door.tools, { invitedTenantId })
    await door.cookies.ticket.write(c, ticket)
    return show(c, door, onwardPage(redirectTo))
  }

/**
 * Where Microsoft sends the browser back to. What the query says is not proof; what follows from it is checked. The
 * ticket stays: its state is used up, and a second answer to it can be told from a foreign one.
 */
export const callback =
  (door: Door): Handler =>
  async (c) => {
    const { cookies, tools } = door
    // A HEAD request is somebody looking at links, not the administrator: it must not use the state up.
    if (c.req.method === 'HEAD') return c.body(null, 405, { allow: 'GET' })
    const ticket = await cookies.ticket.read(c)
    try {
      const step = await completeSignUp(tools, { ticket, callback: c.req.query() })
      cookies.watcher.drop(c)
      await cookies.step.write(c, step)
      return c.redirect('/sign-up/welcome', 303)
    } catch (error) {
      const open = await cookies.step.read(c)
      return showProblem(c, door, error, {
        ...invitationOf(door, ticket),
        goOn: open && '/sign-up/welcome',
        forgetAddress: true,
      })
    }
  }

export const signOut =
  (door: Door): Handler =>
  (c) => {
    for (const cookie of Object.values(door.cookies)) cookie.drop(c)
    return c.redirect('/sign-up/signed-out', 303)
  }

/** What somebody who stops, or has finished, should know: signing out takes nothing back at Microsoft. */
export const signedOut =
  (door: Door): Handler =>
  (c) =>
    show(c, door, signedOutView(door.site.app))

const malformed = plainView(
  'This invitation is not complete',
  'The tenant id in the address is not one. Please copy the whole link, or ask for a new one.',
)

const readInvitation = (text: string | undefined): TenantId | null | 'malformed' =>
  text === undefined || text === '' ? null : (parseTenantId(text) ?? 'malformed')

function invitationOf(door: Door, ticket: SignUpTicket | null) {
  const invitedTenantId = ticket?.invitedTenantId ?? null
  return {
    invitedTenantId,
    link: invitedTenantId ? invitationLink(door, invitedTenantId) : `${door.tools.config.publicUrl}/`,
  }
}
