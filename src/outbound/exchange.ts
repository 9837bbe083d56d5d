import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Outbound } from '#outbound/open.ts'
import { tooLarge } from '#outbound/too-large.ts'

/** As it came over the wire. Header names in lower case. */
export type Received = { status: number; headers: Readonly<Record<string, string>>; bytes: Buffer<ArrayBuffer> }

type Sent = {
  method: string
  headers: Readonly<Record<string, string>>
  body: string | Uint8Array | null
  signal: AbortSignal | undefined
  timeoutMilliseconds: number
  maxBytes: number
}

/**
 * Sends one request and gathers what comes back. Below `request` of undici: most answers are small, and a stream for each
 * costs more than they do.
 * @throws whatever ended it: the signal's reason, a TimeoutError, undici's own errors, Problem ANSWER_UNREADABLE
 */
export function exchange(
  { dispatcher, deadline }: Outbound,
  { origin, pathname, search }: URL,
  { method, headers, body, signal, timeoutMilliseconds, maxBytes }: Sent,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let answer: Omit<Received, 'bytes'> = { status: 0, headers: {} }
    let running: Dispatcher.DispatchController | null = null
    let failure: Error | null = null

    const fail = (error: Error) => {
      if (failure) return
      failure = error
      end()
      reject(error)
      // Of a request that still waits for a connection no byte is to leave any more: see onRequestStart.
      running?.abort(error)
    }
    const giveUp = () => fail(signal?.reason)
    const inTime = deadline(timeoutMilliseconds, () => fail(new DOMException('No answer in time.', 'TimeoutError')))
    const end = () => {
      inTime()
      signal?.removeEventListener('abort', giveUp)
    }
    if (signal?.aborted) return giveUp()
    signal?.addEventListener('abort', giveUp)
    dispatcher.dispatch(
      { origin, path: `${pathname}${search}`, method: method as 'GET', headers, body },
      {
        onRequestStart(controller) {
          running = controller
          if (failure) controller.abort(failure)
        },
        onResponseStart(_controller, status, received) {
          answer = { status, headers: flatten(received) }
        },
        onResponseData(_controller, chunk) {
          size += chunk.length
          if (size > maxBytes) fail(tooLarge(maxBytes))
          else chunks.push(chunk)
        },
        onResponseEnd() {
          if (failure) return
          end()
          resolve({ ...answer, bytes: Buffer.concat(chunks, size) })
        },
        onResponseError: (_controller, error) => fail(error),
      },
    )
  })
}

const flatten = (headers: IncomingHttpHeaders): Record<string, string> => {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    flat[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return flat
}
