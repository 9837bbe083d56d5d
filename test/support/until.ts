import { setTimeout as wait } from 'node:timers/promises'

const GIVE_UP_AFTER_MILLISECONDS = 120_000

/** Waits until `look` finds something. A bound keeps a hopeless test from hanging; no test passes because of it. */
export async function until<Value>(
  what: string,
  look: () => Value | null | undefined | false | Promise<Value | null | undefined | false>,
): Promise<Value> {
  const deadline = Date.now() + GIVE_UP_AFTER_MILLISECONDS
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`)
    await wait(20)
  }
}
