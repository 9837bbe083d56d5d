import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Emulator } from '#emulator/index.ts'

/** As few objects on a page as make several pages of a small directory. Graph may give less than it is asked for. */
const LARGEST_PAGE = 'odata.maxpagesize=2'

/** A request that Microsoft has carried out, and whose answer is on its way. */
export type Carried = {
  /** `GET /v1.0/users/delta`, without ids, which differ from run to run. */
  name: string
  path: string
  /** Lets the answer go. Until then nobody hears it. */
  answer(): void
}

/**
 * Stands before the emulator as programs meet it: each request is told of when it has been carried out, before its answer
 * leaves. The emulator runs in this process, so Node's own HTTP server says when.
 */
export function watchMicrosoft({ origin }: Emulator, carriedOut: (request: Carried) => void): Disposable {
  const port = Number(new URL(origin).port)
  const begin = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (request.socket.localPort !== port || request.url?.startsWith('/_emulator')) return
    const prefer = request.rawHeaders.findIndex((name) => name.toLowerCase() === 'prefer')
    if (prefer >= 0) request.rawHeaders[prefer + 1] = LARGEST_PAGE
    const { pathname } = new URL(request.url ?? '', 'https://microsoft.example')
    const name = `${request.method} ${pathname.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '{id}')}`
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
    let told = false
    response.end = ((...args: unknown[]) => {
      if (told) return end(...args)
      told = true
      carriedOut({ name, path: request.url ?? '', answer: () => void end(...args) })
      return response
    }) as ServerResponse['end']
  }
  subscribe('http.server.request.start', begin)
  return { [Symbol.dispose]: () => void unsubscribe('http.server.request.start', begin) }
}

/** Keeps the nth answer of a name back until it is released, and tells when it is there. */
export function holdAnswer(
  emulator: Emulator,
  { name, nth }: { name: string; nth: number },
): Disposable & { held: Promise<void>; release(): void } {
  const { promise: held, resolve } = Promise.withResolvers<void>()
  let count = 0
  let waiting: Carried[] = []
  const gate = watchMicrosoft(emulator, (request) => {
    if (request.name !== name || ++count !== nth) return request.answer()
    waiting.push(request)
    resolve()
  })
  const release = () => {
    for (const request of waiting) request.answer()
    waiting = []
  }
  return {
    held,
    release,
    [Symbol.dispose]() {
      release()
      gate[Symbol.dispose]()
    },
  }
}
