import type { MiddlewareHandler } from 'hono'
import { problemAnswer } from '#console/api/problem-answer.ts'
import type { Door, Env } from '#console/door.ts'

const READING = ['GET', 'HEAD']

/** Lets operators pass: those of the console's own pages by their session. */
export const onlyOperatorsApi =
  ({ sessions, tools }: Door): MiddlewareHandler<Env> =>
  async (c, next) => {
    const session = await sessions.current(c)
    if (!session) {
      c.header('www-authenticate', 'Bearer')
      return problemAnswer(
        c,
        {
          code: 'NOT_SIGNED_IN',
          owner: 'operator',
          message: 'Nobody is signed in.',
          nextStep: `Sign in at ${tools.config.consoleUrl}/sign-in.`,
        },
        401,
      )
    }
    // A cookie comes along by itself, so what changes something has to come from a page of ours.
    const own = c.req.header('origin') === tools.config.consoleUrl
    if (!READING.includes(c.req.method) && !own)
      return problemAnswer(
        c,
        {
          code: 'REQUEST_REFUSED',
          owner: 'operator',
          message: 'With a session, only pages of the console may change something.',
          nextStep: 'Call the API from the console’s origin.',
        },
        403,
      )
    c.set('operator', session.operator)
    return next()
  }
