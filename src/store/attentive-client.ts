import type { Socket } from 'node:net'
import pg from 'pg'

/**
 * `pg`’s client, which outlives its connection, and gives it up when an answer stays away. A network that swallows everything, or a server
 * that is frozen, never says so: without this the question would wait for ever, and whoever asked it with it.
 */
export const attentiveClient = (silenceMilliseconds: number): typeof pg.Client =>
  class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config)
      const ask = this.query.bind(this) as (...question: unknown[]) => unknown
      const giveUp = () => socketOf(this).destroy(new SilentError())
      this.query = ((...question: unknown[]) => {
        const socket = socketOf(this)
        socket.removeListener('timeout', giveUp)
        socket.setTimeout(silenceMilliseconds, giveUp)
        return ask(...question)
      }) as pg.Client['query']
      // A connection that is lost between two questions of a transaction tells nobody but its listeners, and without one the
      // whole process would end. The next question fails, which is enough.
      this.on('error', () => {})
      // Nothing is asked any more: however long a transaction thinks, that is no silence of the server's.
      this.on('drain', () => socketOf(this).setTimeout(0))
    }
  }

const socketOf = (client: pg.Client): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream

class SilentError extends Error {
  override readonly name = 'SilentError'
  readonly code = 'ETIMEDOUT'
  constructor() {
    super('The database has stopped answering.')
  }
}
