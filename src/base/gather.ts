import { setTimeout as pause } from 'node:timers/promises'

/**
 * Asks for many at once: while one question is on its way, what is wanted meanwhile is gathered for the next. Two wishes
 * of the same key never stand in one question.
 * @param ask answers in the order of the wishes
 * @param options.mayAskAgain whether, after such a failure of a question for several, each is asked for by itself
 * @param options.lullMilliseconds after a question for several, more are waited for so long; a wish that is alone is asked at once
 */
export function gather<Wish, Answer>(
  keyOf: (wish: Wish) => string,
  ask: (wishes: readonly Wish[]) => Promise<readonly Answer[]>,
  {
    mayAskAgain = () => false,
    lullMilliseconds = 0,
  }: { mayAskAgain?: (error: unknown) => boolean; lullMilliseconds?: number } = {},
): (wish: Wish) => Promise<Answer> {
  type Waiter = { wish: Wish; resolve: (answer: Answer) => void; reject: (error: unknown) => void }
  let waiting: Waiter[] = []
  let asking = false

  const take = (): Waiter[] => {
    const taken = new Map<string, Waiter>()
    const left: Waiter[] = []
    for (const waiter of waiting) {
      const key = keyOf(waiter.wish)
      if (taken.has(key)) left.push(waiter)
      else taken.set(key, waiter)
    }
    waiting = left
    return [...taken.values()]
  }
  const settle = async (waiters: readonly Waiter[]): Promise<void> => {
    try {
      const answers = await ask(waiters.map(({ wish }) => wish))
      for (const [index, { resolve }] of waiters.entries()) resolve(answers[index] as Answer)
    } catch (error) {
      if (waiters.length > 1 && mayAskAgain(error)) for (const waiter of waiters) await settle([waiter])
      else for (const { reject } of waiters) reject(error)
    }
  }
  const serve = async () => {
    asking = true
    // Whatever is wanted in the same moment goes with the first question already.
    await new Promise((soon) => setImmediate(soon))
    while (waiting.length > 0) {
      const taken = take()
      await settle(taken)
      if (taken.length > 1 && lullMilliseconds > 0) await pause(lullMilliseconds)
    }
    asking = false
  }
  return (wish) =>
    new Promise((resolve, reject) => {
      waiting.push({ wish, resolve, reject })
      if (!asking) void serve()
    })
}
