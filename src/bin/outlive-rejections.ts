import type { Log } from '#base/log.ts'

/**
 * A promise that a job’s author has left to itself may fail after nobody waits for it any more, in one tenant of thousands.
 * Left alone, Node would end the process for it, and with it the work that is under way for all others.
 */
export function outliveRejections(log: Log): Disposable {
  const tell = (error: unknown) => log.error({ err: error }, 'something failed that nobody was waiting for')
  process.on('unhandledRejection', tell)
  return { [Symbol.dispose]: () => void process.off('unhandledRejection', tell) }
}
