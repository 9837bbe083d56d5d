import type { Socket } from 'node:net'
import pg from 'pg'
import { type Ask, inPieces } from '#store/database/in-pieces.ts'

/**
 * `pg`’s client, which outlives its connection, gives it up when an answer stays away, does not wait for what is always
 * answered alike, and copies nothing that is large. A network that swallows everything, or a server that is frozen, never
 * says so: without this the question would wait for ever, and whoever asked it with it.
 */
export const attentiveClient = (silenceMilliseconds: number): typeof pg.Client =>
  class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super({
        ...(typeof config === 'string' ? { connectionString: config } : config),
        pipeline: true,
      } as pg.ClientConfig)
      const ask = inPieces(this.query.bind(this) as Ask)
      const giveUp = () => socketOf(this).destroy(new SilentError())
      this.query = withoutWaiting((...question) => {
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

/** How a transaction is opened: what tells nothing but that it was done. */
const OPENING = /^(?:begin$|set local |select set_config\()/
const DONE = { command: '', rowCount: 0, rows: [] }

/**
 * A transaction’s opening is sent with the first question that follows it, in one go. If it fails, that question fails
 * with what went wrong there: PostgreSQL does nothing more in a transaction in which something has.
 */
function withoutWaiting(ask: Ask): Ask {
  let opening: Promise<unknown> | null = null
  return (...question) => {
    const answer = ask(...question)
    if (!(answer instanceof Promise)) return answer
    if (typeof question[0] === 'string' && OPENING.test(question[0])) {
      opening = Promise.all([opening, answer])
      opening.catch(() => {})
      return Promise.resolve(DONE)
    }
    const opened = opening
    opening = null
    if (!opened) return answer
    // That nothing more is done in this transaction is what follows, not what went wrong.
    answer.catch(() => {})
    return opened.then(() => answer)
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
