import { setTimeout as pause } from 'node:timers/promises'
import type { Answer } from '#emulator/graph/call.ts'
import type { Caller } from '#emulator/graph/caller.ts'
import type { Occasion } from '#emulator/mischief/open.ts'
import type { Rule } from '#emulator/mischief/rules.ts'
import type { Word } from '#emulator/mischief/words.ts'
import type { World } from '#emulator/world.ts'

/** What mischief does to a request: the rules that struck, an answer in Graph's place, a link bent. */
export type Strike = {
  rules: readonly Rule[]
  answer: Answer | null
  /** The request is carried out before it is answered so. */
  isCarriedOut: boolean
  bentLink: string | null
  words: readonly Word[]
}

/** Asks the rules once, and waits where they say so. */
export async function strike(
  { mischief }: World,
  caller: Caller | null,
  { host, method, path }: { host: string | undefined; method: string; path: string },
): Promise<Strike> {
  const occasion: Occasion = {
    at: 'graph',
    host,
    method,
    path,
    ...(caller ? { tenantId: caller.tenantId, appId: caller.application.appId } : {}),
  }
  const rules = mischief.hit(occasion)
  // Somebody may have ordered an answer that never comes; it must not keep a test's process alive.
  for (const { delayMs } of rules) if (delayMs !== undefined) await pause(delayMs, undefined, { ref: false })
  const fault = rules.find((rule) => rule.answer)?.answer
  const cutOff = rules.some((rule) => rule.reset || rule.hang)
  return {
    rules,
    answer: fault
      ? { status: fault.status, headers: fault.headers, body: fault.body === '' ? null : fault.body }
      : cutOff
        ? { status: 500, body: null }
        : null,
    isCarriedOut: fault?.afterwards === true,
    bentLink: rules.find((rule) => rule.nextLink !== undefined)?.nextLink ?? null,
    words: mischief.says(occasion),
  }
}
