import { type Clock, leftOf, type Span } from '#base/clock.ts'

/** With very many tenants, or a very large one, an answer takes long; looking must not keep the database busy. */
const REST = 20

export type AtLeisure<Value> = {
  look(): Promise<Value>
  /** After something was changed: whoever looks from now on sees it. */
  forget(): void
}

/**
 * However many look at the same time, and however often, `ask` is asked once in so long, and rests twenty times as long as
 * its answer took.
 */
export function atLeisure<Value>(
  clock: Clock,
  ask: () => Promise<Value>,
  { freshMilliseconds = 0 }: { freshMilliseconds?: number } = {},
): AtLeisure<Value> {
  const now = () => clock.now().getTime()
  let seen: { value: Value; fresh: Span } | null = null
  let underWay: Promise<Value> | null = null

  const begin = (): Promise<Value> => {
    const began = now()
    const asked = ask().then(
      (value) => {
        // An answer that was under way when something was changed is not kept: it may be from before.
        if (underWay === asked) {
          underWay = null
          seen = { value, fresh: { since: now(), milliseconds: Math.max(freshMilliseconds, (now() - began) * REST) } }
        }
        return value
      },
      (error: unknown) => {
        if (underWay === asked) underWay = null
        throw error
      },
    )
    underWay = asked
    return asked
  }
  return {
    look: async () => (seen && leftOf(seen.fresh, now()) > 0 ? seen.value : (underWay ?? begin())),
    forget() {
      seen = null
      underWay = null
    },
  }
}
