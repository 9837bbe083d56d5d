import type { Handler, MiddlewareHandler } from 'hono'
import { show, showProblem } from '#console/answers.ts'
import type { Door, Env } from '#console/door.ts'
import { notAnOperatorView, signedOutView, signInView } from '#console/views/sign-in-view.ts'
import { beginOperatorSignIn, completeOperatorSignIn, OPERATOR_ROLE } from '#flows/operators/operator-sign-in.ts'
import { diagnose } from '#model/problem.ts'
import { onwardPage } from '#pages/onward.ts'

/** Only addresses of ours, in their simplest spelling: whatever else a link asks for leads to the overview. */
const OURS = /^\/(?:(?:tenants(?:\/[0-9a-f-]{36})?|audit|jobs|incidents)(?:\?[\w.~%&=+-]*)?)?$/

/** Each button’s address begins with that of the page on which it stands. */
const PAGE_OF_BUTTON = /^\/(?:tenants\/[^/]+|[a-z]+)/

const ownAddress = (asked: unknown): string => (typeof asked === 'string' && OURS.test(asked) ? asked : '/')

/** Lets operators pass, sends everybody else to sign in, and back to where they wanted to go; who has pressed a button is told that it did nothing. */
export const onlyOperators =
  ({ sessions }: Door): MiddlewareHandler<Env> =>
  async (c, next) => {
    const session = await sessions.current(c)
    if (!session) {
      const { pathname, search } = new URL(c.req.url)
      const pressed = c.req.method === 'POST'
      const wanted = ownAddress(pressed ? PAGE_OF_BUTTON.exec(pathname)?.[0] : pathname + search)
      const asked = new URLSearchParams({
        ...(wanted === '/' ? {} : { to: wanted }),
        ...(pressed ? { ended: '1' } : {}),
      })
      return c.redirect(asked.size > 0 ? `/sign-in?${asked}` : '/sign-in', 303)
    }
    c.set('operator', session.operator)
    return next()
  }

export const signIn =
  (door: Door): Handler<Env> =>
  async (c) => {
    const returnTo = ownAddress(c.req.query('to'))
    if (await door.sessions.current(c)) return c.redirect(returnTo, 303)
    return show(c, door, signInView(door.tools.config, { returnTo, ended: c.req.query('ended') === '1' }))
  }

export const begin =
  (door: Door): Handler<Env> =>
  async (c) => {
    const { to } = await c.req.parseBody()
    const { redirectTo, ticket } = await beginOperatorSignIn(door.tools)
    await door.sessions.trip.write(c, { ticket, returnTo: ownAddress(to) })
    return show(c, door, onwardPage(redirectTo))
  }

/** Where Microsoft sends the browser back to. A session is begun anew, whatever the browser held before. */
export const callback =
  (door: Door): Handler<Env> =>
  async (c) => {
    const { tools, sessions } = door
    // A HEAD request is somebody looking at links: it must not use the code up.
    if (c.req.method === 'HEAD') return c.body(null, 405, { allow: 'GET' })
    const trip = await sessions.trip.read(c)
    const mine = trip !== null && c.req.query('state') === trip.ticket.state
    try {
      const operator = await completeOperatorSignIn(tools, { ticket: trip?.ticket ?? null, callback: c.req.query() })
      sessions.trip.drop(c)
      await sessions.begin(c, operator)
      return c.redirect(trip?.returnTo ?? '/', 303)
    } catch (error) {
      // A foreign answer says nothing about the sign-in that this browser is on.
      if (mine) sessions.trip.drop(c)
      if (diagnose(error).code !== 'NOT_AN_OPERATOR') return showProblem(c, door, error)
      sessions.end(c)
      return c.redirect('/sign-in/refused', 303)
    }
  }

/** Where somebody ends who signed in without the role; away from the code in the address. */
export const refused =
  (door: Door): Handler<Env> =>
  (c) =>
    show(c, door, notAnOperatorView(door.tools.config, OPERATOR_ROLE), 403)

export const signOut =
  (door: Door): Handler<Env> =>
  (c) => {
    door.sessions.end(c)
    return c.redirect('/signed-out', 303)
  }

export const signedOut =
  (door: Door): Handler<Env> =>
  (c) =>
    show(c, door, signedOutView())
