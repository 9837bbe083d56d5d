import type { Context, MiddlewareHandler } from 'hono'
import { problemAnswer } from '#console/api/problem-answer.ts'
import type { Door, Env } from '#console/door.ts'
import { authenticateApiCaller } from '#flows/operators/authenticate-api-caller.ts'
import { OPERATOR_ROLE } from '#flows/operators/operator-sign-in.ts'
import type { Operator } from '#model/administrator.ts'

const READING = ['GET', 'HEAD']
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i

/** Lets operators pass: programs by their access token, the console’s own pages by its session. */
export const onlyOperatorsApi =
  (door: Door): MiddlewareHandler<Env> =>
  async (c, next) => {
    const authorization = c.req.header('authorization')
    const found = authorization === undefined ? await bySession(c, door) : await byToken(c, door, authorization)
    if (found instanceof Response) return found
    c.set('operator', found)
    return next()
  }

async function byToken(c: Context, { tools }: Door, authorization: string): Promise<Operator | Response> {
  const token = BEARER.exec(authorization)?.[1]
  const caller = token === undefined ? 'not-for-us' : await authenticateApiCaller(tools, token)
  if (caller === 'not-an-operator')
    return problemAnswer(
      c,
      {
        code: 'NOT_AN_OPERATOR',
        owner: 'operator',
        message: 'The token is good, but whoever holds it is no operator.',
        nextStep: `Assign the app role ${OPERATOR_ROLE} in the home tenant, then ask for a new token.`,
      },
      403,
    )
  if (caller !== 'not-for-us') return caller
  c.header('www-authenticate', 'Bearer error="invalid_token"')
  return notSignedIn(
    c,
    'The access token is not for this API, or it has expired.',
    `Ask tenant ${tools.config.homeTenantId} for one with the scope ${tools.config.clientId}/.default; the application must issue tokens of version 2.`,
  )
}

async function bySession(c: Context, { sessions, tools }: Door): Promise<Operator | Response> {
  const { consoleUrl } = tools.config
  const session = await sessions.current(c)
  if (!session) {
    c.header('www-authenticate', 'Bearer')
    return notSignedIn(c, 'Nobody is signed in.', `Sign in at ${consoleUrl}/sign-in, or send an access token.`)
  }
  // A cookie comes along by itself, so what changes something has to come from a page of ours.
  if (READING.includes(c.req.method) || c.req.header('origin') === consoleUrl) return session.operator
  return problemAnswer(
    c,
    {
      code: 'REQUEST_REFUSED',
      owner: 'operator',
      message: 'With a session, only pages of the console may change something.',
      nextStep: 'Call from the console’s origin, or send an access token.',
    },
    403,
  )
}

const notSignedIn = (c: Context, message: string, nextStep: string): Response =>
  problemAnswer(c, { code: 'NOT_SIGNED_IN', owner: 'operator', message, nextStep }, 401)
