import type { IncomingMessage } from 'node:http'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

export type Reply = { status: number; contentType: string; body: string }

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
const MAX_BODY_CHARACTERS = 10_000

/** Whether Graph would call there: HTTPS, or, for programs under development, plain HTTP on this machine. */
export const isCallable = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname))
}

/**
 * Calls a client's notification address. On this machine any certificate is taken.
 * @returns null when nobody answers in time
 */
export function callOut(
  address: string,
  { contentType, body, timeoutMilliseconds }: { contentType: string; body: string; timeoutMilliseconds: number },
): Promise<Reply | null> {
  const url = new URL(address)
  const options = {
    method: 'POST',
    headers: { 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
    signal: AbortSignal.timeout(timeoutMilliseconds),
    agent: false as const,
  }
  return new Promise((resolve) => {
    const answered = (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        if (text.length < MAX_BODY_CHARACTERS) text += chunk
      })
      response.on('error', () => resolve(null))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', body: text }),
      )
    }
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, rejectUnauthorized: !LOOPBACK.includes(url.hostname) }, answered)
        : requestHttp(url, options, answered)
    request.on('error', () => resolve(null))
    request.end(body)
  })
}
