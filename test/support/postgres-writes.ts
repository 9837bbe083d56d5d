import { JOB_NAMES } from '#jobs/names.ts'

/** Something that PostgreSQL has done and a program may not know yet. */
export type Write = {
  /** What was written, in short: `update tenantry.sync_runs, insert tenantry.audit`. */
  name: string
  /** `kept`: whatever happens now, it has happened. `open`: its transaction has not ended yet. */
  state: 'kept' | 'open'
}

/** What was asked until the program wanted an answer, and whose turn in the queue it is. */
type Question = { statement: string; queue: string }
const NOTHING: Question = { statement: '', queue: '' }

/** Bytes for the program, and the write that they are the answer to, if it is one. */
type Answered = { bytes: Buffer; write: Write | null }

/**
 * Reads along on one connection: what was asked, and which of it has changed rows. Everything up to ReadyForQuery is one
 * answer, for only then a statement outside of a transaction is kept, and only then `pg` tells its caller.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function writesOf(): { asked(bytes: Buffer): void; answered(bytes: Buffer): Answered[] } {
  const questions = messages({ startup: true })
  const answers = messages({ startup: false })
  const prepared = new Map<string, string>()
  /** What was asked and is not answered yet: a question may follow before the answer to the one before it. */
  const unanswered: Question[] = []
  let asking: Question = { statement: '', queue: '' }
  let waiting: Buffer[] = []
  let wrote = false
  let since: string[] = []

  const ask = (type: string, body: Buffer) => {
    if (type === 'P') {
      const name = text(body, 0)
      prepared.set(name, text(body, Buffer.byteLength(name) + 1))
    }
    if (type === 'Q') asking.statement = text(body, 0)
    if (type === 'B') asking.statement = prepared.get(text(body, Buffer.byteLength(text(body, 0)) + 1)) ?? ''
    if (type === 'Q' || type === 'B') asking.queue = QUEUE.exec(body.toString('latin1'))?.[0] ?? ''
    if (type !== 'Q' && type !== 'S') return
    unanswered.push(asking)
    asking = { statement: '', queue: '' }
  }

  const answer = (type: string, body: Buffer): Write | null => {
    const { statement, queue } = unanswered[0] ?? NOTHING
    if (type === 'C') wrote ||= changesRows(text(body, 0), statement)
    if (type !== 'Z') return null
    unanswered.shift()
    const wroteNow = wrote
    wrote = false
    const short = inShort(statement, queue)
    if (wroteNow) since.push(short)
    const status = String.fromCharCode(body[0] ?? 0)
    if (status === 'T') return wroteNow ? { name: short, state: 'open' } : null
    const written = since
    since = []
    const undone = status === 'E' || /^\s*rollback/i.test(statement)
    return written.length > 0 && !undone ? { name: [...new Set(written)].join(', '), state: 'kept' } : null
  }

  return {
    asked(bytes) {
      for (const { type, body } of questions(bytes)) ask(type, body)
    },
    answered(bytes) {
      const complete: Answered[] = []
      for (const { type, body, whole } of answers(bytes)) {
        waiting.push(whole)
        const write = answer(type, body)
        if (!ENDS_ANSWER.includes(type)) continue
        complete.push({ bytes: Buffer.concat(waiting), write })
        waiting = []
      }
      return complete
    },
  }
}

/** ReadyForQuery; and what may come without it: a step of logging in, an error that ends the connection, a notification. */
const ENDS_ANSWER = ['Z', 'R', 'E', 'A']

/** `UPDATE 0` has changed nothing; a `SELECT` may hide a change in its WITH. */
function changesRows(tag: string, statement: string): boolean {
  const [, verb = '', count = '0'] = /^(\w+)(?: \d+)? (\d+)$/.exec(tag) ?? []
  if (count === '0') return false
  return ['INSERT', 'UPDATE', 'DELETE', 'COPY'].includes(verb) || (verb === 'SELECT' && CHANGES.test(statement))
}

const CHANGES = /\b(?:insert into|delete from|update)\s+[\w"]+\./i

const QUEUE = new RegExp(`(?:${JOB_NAMES.join('|')})`)

/** Verbs and tables, and whose turn in the queue it is; the rest of a statement differs from run to run. */
const inShort = (statement: string, queue: string): string =>
  [...statement.matchAll(/\b(insert into|update|delete from)\s+((?:[\w"]+\.)[\w"]+)/gi)]
    .map(([, verb = '', table = '']) => `${verb.toLowerCase().split(' ')[0]} ${table}`)
    .map((short) => (short.includes('pgboss.job') ? `${short} (${queue})` : short))
    .join(', ') || statement.replaceAll(/\s+/g, ' ').trim().slice(0, 60)

const text = (body: Buffer, start: number): string => body.toString('utf8', start, body.indexOf(0, start))

type Message = { type: string; body: Buffer; whole: Buffer }

/** Cuts a stream into messages: a type, a length that counts itself, a body. The first one of a program has no type. */
function messages({ startup }: { startup: boolean }): (bytes: Buffer) => Message[] {
  let rest: Buffer = Buffer.alloc(0)
  let untyped = startup
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    const found: Message[] = []
    for (;;) {
      const head = untyped ? 0 : 1
      if (rest.length < head + 4) return found
      const end = head + rest.readUInt32BE(head)
      if (rest.length < end) return found
      const whole = rest.subarray(0, end)
      found.push({ type: untyped ? '' : String.fromCharCode(whole[0] ?? 0), body: whole.subarray(head + 4), whole })
      rest = rest.subarray(end)
      untyped = false
    }
  }
}
