import pg from 'pg'

/** `pg`’s `query`. */
export type Ask = (...question: unknown[]) => unknown

/** From so many bytes on a value is sent as it is. */
const LARGE_BYTES = 64 * 1024

const isLarge = (value: unknown): value is Buffer => Buffer.isBuffer(value) && value.length >= LARGE_BYTES

/**
 * Sends large values as they are. `pg` copies a question’s values into one message, again and again while that grows; for
 * pages of a directory this is more than everything else that a worker allocates, and V8 looks through its whole heap for it.
 */
export const inPieces =
  (ask: Ask): Ask =>
  (...question) => {
    const [text, values] = question
    if (typeof text !== 'string' || !Array.isArray(values) || !values.some(isLarge)) return ask(...question)
    return new Promise((resolve, reject) => {
      ask(new QueryInPieces({ text, values }, (error, result) => (error ? reject(error) : resolve(result))))
    })
  }

type Bind = { values: readonly unknown[]; valueMapper: (value: unknown) => string | Buffer | null }
type Connection = { stream: { write(piece: Buffer): void }; bind(bind: Bind): void }
type Answered = (error: Error | null, result: unknown) => void

/** A part of `pg` that its types leave out. */
const Query = pg.Query as unknown as new (
  config: { text: string; values: unknown[] },
  answered: Answered,
) => { prepare(connection: Connection): void }

class QueryInPieces extends Query {
  override prepare(connection: Connection): void {
    const bind = (wanted: Bind) => {
      for (const piece of bindMessage(wanted)) connection.stream.write(piece)
    }
    super.prepare(Object.create(connection, { bind: { value: bind } }) as Connection)
  }
}

const [TEXT, BINARY] = [0, 1] as const

/**
 * For the portal and the statement without a name.
 * @returns what is to be sent one after the other; the large pieces are the values themselves
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BIND
 */
function bindMessage({ values, valueMapper }: Bind): Buffer[] {
  const sent = values.map((value) => {
    const mapped = valueMapper(value)
    return typeof mapped === 'string'
      ? { format: TEXT, bytes: Buffer.from(mapped) }
      : { format: BINARY, bytes: mapped ?? null }
  })
  const pieces = [
    Buffer.from('\0\0'),
    int16(sent.length),
    ...sent.map(({ format }) => int16(format)),
    int16(sent.length),
    ...sent.flatMap(({ bytes }) => (bytes ? [int32(bytes.length), bytes] : [int32(-1)])),
    int16(1),
    int16(TEXT),
  ]
  const length = pieces.reduce((sum, piece) => sum + piece.length, 4)
  return smallTogether([Buffer.from('B'), int32(length), ...pieces])
}

function smallTogether(pieces: readonly Buffer[]): Buffer[] {
  const found: Buffer[] = []
  let small: Buffer[] = []
  for (const piece of pieces)
    if (isLarge(piece)) {
      found.push(Buffer.concat(small), piece)
      small = []
    } else small.push(piece)
  return [...found, Buffer.concat(small)]
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
