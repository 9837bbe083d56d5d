import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Next } from 'hono'
import { isAadstsCode } from '#emulator/entra/aadsts.ts'
import { answerError, EntraError, type Refusal } from '#emulator/entra/errors.ts'
import type { Rule } from '#emulator/mischief/rules.ts'
import { sendSpoiled, spoils, type Whole } from '#emulator/server/spoil.ts'
import type { Env, ReadyAnswer } from '#emulator/world.ts'

export type ServedEnv = Env & { Bindings: HttpBindings }

/**
 * Does to a request what the struck rules say: late, answered by the rule, cut before, in or after the answer. Graph
 * strikes for itself and leaves only the cutting.
 * @param options.closing aborted when the server closes, so that no late answer keeps it
 */
export async function carryOut(
  c: Context<ServedEnv>,
  next: Next,
  struck: readonly Rule[],
  { closing, now }: { closing: AbortSignal; now: Date },
): Promise<Response | undefined> {
  const delayMs = struck.reduce((sum, rule) => sum + (rule.delayMs ?? 0), 0)
  if (delayMs > 0) await wait(delayMs, undefined, { signal: closing }).catch(() => {})
  const answer = struck.find((rule) => rule.answer)?.answer
  const aadsts = struck.find((rule) => rule.aadsts !== undefined)?.aadsts
  const isInstead =
    answer?.afterwards === false || aadsts !== undefined || struck.some((rule) => rule.reset || rule.hang)
  if (!isInstead) await next()
  if (answer) c.get('told').reason = `mischief: answers ${answer.status}`
  if (aadsts !== undefined) c.get('told').reason = `mischief: refuses with AADSTS${aadsts}`
  const own = answer ? new Response(bodyOf(answer), answer) : aadsts === undefined ? null : refusal(c, aadsts, now)
  const all = [...struck, ...(c.get('struck') ?? [])]
  if (all.length === 0) return undefined
  return (await spoil(c, all, { own, closing })) ?? own ?? undefined
}

/** Cuts the connection, or sends something odd, where a rule says so. */
async function spoil(
  c: Context<ServedEnv>,
  struck: readonly Rule[],
  { own, closing }: { own: Response | null; closing: AbortSignal },
): Promise<Response | undefined> {
  const told = c.get('told')
  const { incoming, outgoing } = c.env as { incoming: IncomingMessage; outgoing: ServerResponse }
  if (struck.some((rule) => rule.hang)) {
    told.reason = 'mischief: never answers'
    return RESPONSE_ALREADY_SENT
  }
  if (struck.some((rule) => rule.reset || rule.commitThenDrop)) {
    told.reason = struck.some((rule) => rule.reset)
      ? 'mischief: the connection is cut before any answer'
      : 'mischief: carried out, then the connection is cut'
    incoming.socket.destroy()
    return RESPONSE_ALREADY_SENT
  }
  if (!spoils(struck)) return undefined
  const answer = await wholeOf(own ?? c.get('ready') ?? c.res)
  told.reason = `mischief: ${sendSpoiled({ incoming, outgoing }, answer, struck, closing)}`
  return RESPONSE_ALREADY_SENT
}

async function wholeOf(answer: Response | ReadyAnswer): Promise<Whole> {
  if (!(answer instanceof Response)) return { ...answer, body: Buffer.from(answer.body) }
  const cookies = answer.headers.getSetCookie()
  return {
    status: answer.status,
    headers: { ...Object.fromEntries(answer.headers), ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) },
    body: Buffer.from(await answer.arrayBuffer()),
  }
}

/** In Entra ID's own words where they are known, else with the code alone. */
function refusal(c: Context<ServedEnv>, code: number, now: Date): Response {
  const { origin } = new URL(c.req.url)
  const error: Refusal = isAadstsCode(code)
    ? new EntraError(code)
    : {
        code,
        status: 400,
        error: 'invalid_request',
        suberror: undefined,
        policies: [],
        description: `AADSTS${code}: The emulator was told to refuse with this code.`,
      }
  return answerError(c, error, { now, correlationId: undefined, origin })
}

/** A status that carries no body must not be given one. */
const bodyOf = ({ status, body }: { status: number; body: string }): string | null =>
  status === 204 || status === 205 || status === 304 ? null : body
