import type { Log } from '#base/log.ts'

/** Work that outlives the request that began it, at most one piece for each key. Whoever opened it closes it. */
export type Background = {
  /** `work` must record its own failures; whatever it still throws is logged. */
  start(key: string, work: (signal: AbortSignal) => Promise<void>): 'started' | 'already-running'
  isRunning(key: string): boolean
  /** Asks everything to stop and waits until it has. */
  close(): Promise<void>
}

export function openBackground(log: Log): Background {
  const running = new Map<string, Promise<void>>()
  const stop = new AbortController()
  return {
    start(key, work) {
      if (running.has(key)) return 'already-running'
      const piece = work(stop.signal)
        .catch((error: unknown) => log.error({ err: error, key }, 'background work failed'))
        .finally(() => running.delete(key))
      running.set(key, piece)
      return 'started'
    },
    isRunning: (key) => running.has(key),
    async close() {
      stop.abort(new Error('The process is stopping.'))
      await Promise.all(running.values())
    },
  }
}
