import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Emulator } from '#emulator/index.ts'

/** As few objects on a page as make several pages of a small directory. Graph may give less than it is asked for. */
const LARGEST_PAGE = 'odata.maxpagesize=2'

/**
 * Stands before the emulator as a program meets it: tells of every request that has been carried out, before its answer
 * leaves. The emulator runs in this process, so Node's own HTTP server says when.
 * @param answered false keeps the answer back for ever
 */
export function watchMicrosoft({ origin }: Emulator, answered: (name: string) => boolean): Disposable {
  const port = Number(new URL(origin).port)
  const begin = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (request.socket.localPort !== port || request.url?.startsWith('/_emulator')) return
    const prefer = request.rawHeaders.findIndex((name) => name.toLowerCase() === 'prefer')
    if (prefer >= 0) request.rawHeaders[prefer + 1] = LARGEST_PAGE
    const name = `${request.method} ${nameOf(request.url ?? '')}`
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
    let told = false
    response.end = ((...args: unknown[]) => {
      if (told) return end(...args)
      told = true
      return answered(name) ? end(...args) : response
    }) as ServerResponse['end']
  }
  subscribe('http.server.request.start', begin)
  return { [Symbol.dispose]: () => void unsubscribe('http.server.request.start', begin) }
}

/** Without ids, which differ from run to run. */
const nameOf = (url: string): string =>
  new URL(url, 'https://microsoft.example').pathname.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '{id}')
