import type { Context } from 'hono'
import type { Clock } from '#emulator/clock.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { Keys } from '#emulator/keys.ts'
import type { Lag } from '#emulator/lag/open.ts'
import type { Mischief } from '#emulator/mischief/open.ts'
import type { Rule } from '#emulator/mischief/rules.ts'
import type { RequestLog } from '#emulator/request-log.ts'
import type { Throttle } from '#emulator/throttle.ts'

/** What every room of the emulator works with. */
export type World = {
  directory: Directory
  clock: Clock
  keys: Keys
  mischief: Mischief
  lag: Lag
  requests: RequestLog
  throttle: Throttle
  /** `https` for programs; `browser` for people, without certificate warnings. */
  origins: { https: string; browser: string }
}

/** The world as it is seen under one of Microsoft's own names: its addresses are under that name too. */
export const seenAs = (world: World, host: string | undefined): World =>
  host === undefined || !/\.microsoftonline\.com(:\d+)?$/i.test(host)
    ? world
    : { ...world, origins: { ...world.origins, https: `https://${host.toLowerCase().replace(/:443$/, '')}` } }

/** What a handler tells the request log about the request it is answering. */
export type Told = { tenantId?: string; appId?: string; grantType?: string; reason?: string }
/**
 * `struck`: the rules at `graph` that struck this request, left by Graph, which alone knows whose token it was. Graph has
 * answered, waited and bent links already; cutting the connection (`truncate`, `reset`, `commitThenDrop`) is the server's.
 */
export type Env = { Variables: { told: Told; struck?: readonly Rule[]; ready?: ReadyAnswer } }

/**
 * An answer that stands ready as bytes: the server may write it straight to the socket, instead of the empty response
 * returned in its place, and so spares a copy of every page.
 */
export type ReadyAnswer = { status: number; headers: Readonly<Record<string, string>>; body: Uint8Array }

const NOTHING = new Response(null)

/** Answers with bytes; what is returned is empty and stands for them. */
export function sendBytes(c: Context<Env>, answer: ReadyAnswer): Response {
  c.set('ready', answer)
  return NOTHING
}
