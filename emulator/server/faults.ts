import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Next } from 'hono'
import { isAadstsCode } from '#emulator/entra/aadsts.ts'
import { answerError, EntraError } from '#emulator/entra/errors.ts'
import type { Rule } from '#emulator/mischief/rules.ts'
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
  if (!answer && aadsts === undefined && !struck.some((rule) => rule.reset)) await next()
  if (answer) c.get('told').reason = `mischief: answers ${answer.status}`
  if (aadsts !== undefined) c.get('told').reason = `mischief: refuses with AADSTS${aadsts}`
  const own = answer ? new Response(bodyOf(answer), answer) : aadsts === undefined ? null : refusal(c, aadsts, now)
  const all = [...struck, ...(c.get('struck') ?? [])]
  if (all.length === 0) return undefined
  return (await cut(c, all, own ?? asResponse(c.get('ready')) ?? c.res)) ?? own ?? undefined
}

/** Cuts the connection where a rule says so. */
async function cut(c: Context<ServedEnv>, struck: readonly Rule[], response: Response): Promise<Response | undefined> {
  const told = c.get('told')
  const { incoming, outgoing } = c.env
  if (struck.some((rule) => rule.reset || rule.commitThenDrop)) {
    told.reason = struck.some((rule) => rule.reset)
      ? 'mischief: the connection is cut before any answer'
      : 'mischief: carried out, then the connection is cut'
    incoming.socket.destroy()
    return RESPONSE_ALREADY_SENT
  }
  const truncate = struck.find((rule) => rule.truncate !== undefined)?.truncate
  if (truncate === undefined) return undefined
  told.reason = `mischief: cut after ${truncate} bytes`
  const body = Buffer.from(await response.arrayBuffer())
  for (const [name, value] of response.headers) outgoing.setHeader(name, value)
  outgoing.writeHead(response.status, { 'content-length': Math.max(body.length, truncate + 1) })
  outgoing.write(body.subarray(0, truncate), () => incoming.socket.destroy())
  return RESPONSE_ALREADY_SENT
}

/** In Entra ID's own words where they are known, else with the code alone. */
function refusal(c: Context<ServedEnv>, code: number, now: Date): Response {
  const { origin } = new URL(c.req.url)
  if (isAadstsCode(code)) return answerError(c, new EntraError(code), { now, correlationId: undefined, origin })
  const error_description = `AADSTS${code}: The emulator was told to refuse with this code.`
  return c.json({ error: 'invalid_request', error_description, error_codes: [code] }, 400)
}

/** What stands ready as bytes can be cut like any other answer. */
const asResponse = (ready: ReadyAnswer | undefined): Response | null =>
  ready ? new Response(new Uint8Array(ready.body), ready) : null

/** A status that carries no body must not be given one. */
const bodyOf = ({ status, body }: { status: number; body: string }): string | null =>
  status === 204 || status === 205 || status === 304 ? null : body
