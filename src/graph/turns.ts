import type { Clock } from '#base/clock.ts'

/** A queue for what many have to share: everybody who waits has one turn after the other. */
export type Turns<Who, What> = {
  /**
   * Resolves with 0 once `what` was given; or, where nobody is given anything for longer than he should stand here, with how
   * long, in milliseconds. Rejects with the signal's reason when it is aborted first.
   */
  wait(who: Who, what: What, signal?: AbortSignal): Promise<number>
  /** Whether somebody waits. */
  areTaken(): boolean
}

type Waiter<What> = { what: What; given: (wait: number) => void; failed: (error: unknown) => void; gone: () => boolean }

/** Whoever was told to stop is not slept for any longer than this. */
const LONGEST_SLEEP_MILLISECONDS = 1_000

/** Whoever would stand here for longer comes back then. */
export const LONGEST_WAIT_MILLISECONDS = 3_000

/**
 * Round robin: whoever asks for very much at once has one turn among the others, as if he asked for one thing.
 * @param shop.give gives it and returns 0, or says how many milliseconds to wait before asking again
 * @param shop.putBack takes back what was given to whoever has left meanwhile
 */
export function openTurns<Who, What>(
  { give, putBack }: { give: (what: What) => Promise<number>; putBack: (what: What) => void },
  clock: Clock,
): Turns<Who, What> {
  const queues = new Map<Who, Waiter<What>[]>()
  let serving = false

  /** Whoever is served goes to the end only then, behind those who have come back meanwhile. */
  const serve = async () => {
    serving = true
    for (let [first] = queues; first; [first] = queues) {
      const [who, queue] = first
      const waiter = queue[0] as Waiter<What>
      try {
        let wait = 0
        while (!waiter.gone()) {
          wait = await give(waiter.what)
          if (wait === 0 && waiter.gone()) putBack(waiter.what)
          if (wait === 0 || wait > LONGEST_WAIT_MILLISECONDS) break
          await clock.sleep(Math.min(wait, LONGEST_SLEEP_MILLISECONDS))
        }
        waiter.given(wait)
      } catch (error) {
        waiter.failed(error)
      }
      queue.shift()
      queues.delete(who)
      if (queue.length > 0) queues.set(who, queue)
    }
    serving = false
  }

  return {
    areTaken: () => serving,
    wait(who, what, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      return new Promise<number>((resolve, reject) => {
        const giveUp = () => reject(signal?.reason)
        const leave = (end: () => void) => {
          signal?.removeEventListener('abort', giveUp)
          end()
        }
        signal?.addEventListener('abort', giveUp, { once: true })
        const queue = queues.get(who) ?? []
        queue.push({
          what,
          given: (wait) => leave(() => resolve(wait)),
          failed: (error) => leave(() => reject(error)),
          gone: () => signal?.aborted ?? false,
        })
        queues.set(who, queue)
        if (!serving) void serve()
      })
    },
  }
}
