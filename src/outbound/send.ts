import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Problem } from '#model/problem.ts'
import { assertAllowed } from '#outbound/assert-allowed.ts'
import type { Outbound } from '#outbound/open.ts'

export type OutboundRequest = {
  method: string
  url: string
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  signal?: AbortSignal
  /** For the whole exchange. 30,000 unless told. */
  timeoutMilliseconds?: number
  /** Of the decoded body. 32 MiB unless told. */
  maxBytes?: number
}

/** Header names in lower case; the body decompressed, as bytes and as UTF-8 text. */
export type Answer = {
  status: number
  headers: Readonly<Record<string, string>>
  bytes: Buffer<ArrayBuffer>
  readonly text: string
}

const DEFAULT_TIMEOUT_MILLISECONDS = 30_000
const DEFAULT_MAX_BYTES = 32 * 1024 * 1024

/**
 * Sends one request and reads the whole answer. Redirects are not followed: a 3xx is an answer like any other.
 * @throws Problem ORIGIN_REFUSED before any byte leaves; NETWORK when the exchange broke off; ANSWER_UNREADABLE when the body is too large
 */
export async function send(
  outbound: Outbound,
  {
    method,
    url,
    headers = {},
    body,
    signal,
    timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS,
    maxBytes = DEFAULT_MAX_BYTES,
  }: OutboundRequest,
): Promise<Answer> {
  const target = assertAllowed(url, outbound.origins)
  const timeout = outbound.deadline(timeoutMilliseconds)
  try {
    const response = await outbound.dispatcher.request({
      origin: target.origin,
      path: `${target.pathname}${target.search}`,
      method: method as 'GET',
      headers: { 'accept-encoding': 'gzip', ...headers },
      body: body ?? null,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    const headersReceived = flatten(response.headers)
    const bytes = await readBytes(decoded(response.body, headersReceived['content-encoding']), maxBytes)
    return {
      status: response.statusCode,
      headers: headersReceived,
      bytes,
      get text() {
        return bytes.toString('utf8')
      },
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof Problem) throw error
    throw brokenOff(target, timeout.aborted ? timeout.reason : error)
  }
}

/** An encoding that was not asked for is left as it is, and whoever parses the answer finds it unreadable. */
const decoded = (body: Readable, encoding: string | undefined): AsyncIterable<Buffer> =>
  encoding === 'gzip' ? pipeline(body, createGunzip(), () => {}) : body

async function readBytes(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const flatten = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )

function brokenOff({ origin }: URL, cause: unknown): Problem {
  const reason =
    cause instanceof Error && cause.name === 'TimeoutError'
      ? ' (no answer in time)'
      : cause instanceof Error && 'code' in cause
        ? ` (${String(cause.code)})`
        : ''
  return new Problem(
    {
      code: 'NETWORK',
      owner: 'nobody',
      message: `The connection to ${origin} failed${reason}.`,
      nextStep: 'It is tried again by itself. If it stays, check the network between this machine and that address.',
      retry: 'backoff',
      confidence: 'certain',
    },
    { cause },
  )
}

const tooLarge = (maxBytes: number) =>
  new Problem({
    code: 'ANSWER_UNREADABLE',
    owner: 'microsoft',
    message: `An answer was larger than ${maxBytes} bytes.`,
    nextStep: 'It is tried again later by itself.',
    retry: 'backoff',
    confidence: 'certain',
  })
