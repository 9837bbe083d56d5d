import { Problem } from '#model/problem.ts'
import type { Outbound } from '#outbound/open.ts'
import { send } from '#outbound/send.ts'

const TIMEOUT_MILLISECONDS = 10_000
const MAX_BYTES = 64 * 1024

/** @throws Problem NETWORK, and UNAVAILABLE when the answer is no success */
export async function postJson(outbound: Outbound, url: string, body: object): Promise<void> {
  const { status } = await send(outbound, {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    maxBytes: MAX_BYTES,
  })
  if (status < 300) return
  throw new Problem({
    code: 'UNAVAILABLE',
    owner: 'operator',
    message: `Where alerts go to answered with status ${status}.`,
    nextStep: 'Check TENANTRY_ALERT_URL.',
    retry: 'backoff',
    confidence: 'certain',
  })
}
