import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Write, writesOf } from '#test/support/postgres-writes.ts'

/** A wire between a program and a PostgreSQL server, which a test can listen on, silence and cut. */
export type PostgresProxy = AsyncDisposable & {
  /** The same database, by way of the wire. */
  through(databaseUrl: string): string
  /** From now on every byte disappears, in both directions and on new connections too, and nobody is told. */
  silence(): void
  /** Bytes arrive again; what disappeared stays lost. */
  speak(): void
  /** Cuts what is connected now. */
  cut(): void
}

/**
 * @param options.wrote told of every write that the server has answered for, before the program is: false keeps the
 *   answer back for ever
 */
export async function openPostgresProxy(
  serverUrl: string,
  { wrote = () => true }: { wrote?: (write: Write) => boolean } = {},
): Promise<PostgresProxy> {
  const { hostname, port } = new URL(serverUrl)
  const open = new Set<Socket>()
  let silent = false
  const server = createServer((program) => {
    const database = connect(Number(port), hostname)
    const writes = writesOf()
    let kept = false
    for (const [socket, other] of [
      [program, database],
      [database, program],
    ] as const) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        open.delete(socket)
        // Silence hides the end of the one from the other, as a network that is gone does.
        if (!silent) other.destroy()
      })
    }
    program.on('data', (bytes) => {
      if (silent) return
      writes.asked(bytes)
      database.write(bytes)
    })
    database.on('data', (bytes) => {
      if (silent || kept) return
      for (const answer of writes.answered(bytes)) {
        kept ||= answer.write !== null && !wrote(answer.write)
        if (!kept) program.write(answer.bytes)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    through(databaseUrl) {
      const url = new URL(databaseUrl)
      url.hostname = '127.0.0.1'
      url.port = String(own)
      return url.href
    },
    silence() {
      silent = true
    },
    speak() {
      silent = false
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
