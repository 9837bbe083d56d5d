import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Emulator } from '#emulator/index.ts'

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
export function watchMicrosoft(
  { origin }: Emulator,
  carriedOut: (request: Carried) => void,
  {
    largestPage = 2,
  }: {
    /** As few objects on a page as make several pages of a small directory. Graph may give less than it is asked for. */
    largestPage?: number
  } = {},
): Disposable {
  const port = Number(new URL(origin).port)
  const begin = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (request.socket.localPort !== port || request.url?.startsWith('/_emulator')) return
    const prefer = request.rawHeaders.findIndex((name) => name.toLowerCase() === 'prefer')
    if (prefer >= 0) request.rawHeaders[prefer + 1] = `odata.maxpagesize=${largestPage}`
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

/** Answers that are kept back until they are released. */
export type Held = Disposable & {
  /** How many are waiting. */
  count(): number
  release(most?: number): void
}

/** Keeps the answers of this name back, from the nth on and so many of them. */
export function holdAnswers(
  emulator: Emulator,
  { name, nth = 1, times = 1 }: { name: string; nth?: number; times?: number },
): Held {
  let seen = 0
  const waiting: Carried[] = []
  const gate = watchMicrosoft(emulator, (request) => {
    const counts = request.name === name && ++seen >= nth && seen < nth + times
    if (counts) waiting.push(request)
    else request.answer()
  })
  const release = (most = waiting.length) => {
    for (const request of waiting.splice(0, most)) request.answer()
  }
  return {
    count: () => waiting.length,
    release,
    [Symbol.dispose]() {
      release()
      gate[Symbol.dispose]()
    },
  }
}
