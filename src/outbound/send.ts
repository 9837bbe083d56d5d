import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { codeOf } from '#base/code-of.ts'
import { Problem } from '#model/problem.ts'
import { assertAllowed } from '#outbound/assert-allowed.ts'
import { exchange, type Received } from '#outbound/exchange.ts'
import type { Outbound } from '#outbound/open.ts'
import { tooLarge } from '#outbound/too-large.ts'

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
  try {
    const answer = await exchange(outbound, target, {
      method,
      headers: { 'accept-encoding': 'gzip', ...headers },
      body: body ?? null,
      signal,
      timeoutMilliseconds,
      maxBytes,
    })
    const bytes = await unpacked(answer, maxBytes)
    return {
      ...answer,
      bytes,
      get text() {
        return bytes.toString('utf8')
      },
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof Problem ? error : brokenOff(target, error)
  }
}

const unpack = promisify(gunzip)

/** An encoding that was not asked for is left as it is, and whoever parses the answer finds it unreadable. */
async function unpacked({ headers, bytes }: Received, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  if (headers['content-encoding'] !== 'gzip') return bytes
  try {
    return await unpack(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    throw error instanceof RangeError ? tooLarge(maxBytes) : error
  }
}

/** What OpenSSL says of a certificate, as Node names it. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const UNTRUSTED = /^(CERT_|ERR_TLS_CERT_|UNABLE_TO_(VERIFY|GET_ISSUER)_|SELF_SIGNED_|DEPTH_ZERO_)/

function brokenOff({ origin }: URL, cause: unknown): Problem {
  const reason = cause instanceof Error && cause.name === 'TimeoutError' ? 'no answer in time' : codeOf(cause)
  if (UNTRUSTED.test(reason)) return untrusted(origin, reason, cause)
  return new Problem(
    {
      code: 'NETWORK',
      owner: 'nobody',
      message: `The connection to ${origin} failed${reason && ` (${reason})`}.`,
      nextStep: 'It is tried again by itself. If it stays, check the network between this machine and that address.',
      retry: 'backoff',
      confidence: 'certain',
    },
    { cause },
  )
}

/** Waiting does not mend it. */
const untrusted = (origin: string, reason: string, cause: unknown): Problem =>
  new Problem(
    {
      code: 'NETWORK',
      owner: 'operator',
      message: `What answers at ${origin} shows a certificate that is not to be trusted (${reason}).`,
      nextStep:
        'Look whether a proxy on the way opens TLS, and whether this machine’s clock is right. Of an emulator, TENANTRY_EMULATOR_CA_FILE names the certificate authority.',
      retry: 'backoff',
      confidence: 'certain',
    },
    { cause },
  )
