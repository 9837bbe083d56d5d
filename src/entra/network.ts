import type { INetworkModule, NetworkRequestOptions } from '@azure/msal-node'
import { z } from 'zod'
import { fromTokenAnswer } from '#entra/errors.ts'
import type { PublicEntra } from '#entra/open.ts'
import { Problem } from '#model/problem.ts'
import { type Answer, send } from '#outbound/send.ts'

const MAX_BYTES = 1024 * 1024

/** MSAL asks for a refresh token by itself, also where it redeems a code; none is wanted, whoever signs in. */
function withoutOfflineAccess(body: string): string {
  if (!body.includes('offline_access')) return body
  const form = new URLSearchParams(body)
  const scopes = form.get('scope')?.split(' ') ?? []
  if (scopes.length > 0) form.set('scope', scopes.filter((scope) => scope !== 'offline_access').join(' '))
  return form.toString()
}

export type Network = { networkClient: INetworkModule; failure: () => Problem | null }

const deviceCode = z.looseObject({ device_code: z.string(), interval: z.number() })
const namesAnError = z.looseObject({ error: z.string().min(1) })
const pending = z.looseObject({ error: z.literal('authorization_pending') })

/**
 * While somebody types a code in, MSAL asks again and again, and waits in between with a timer that nobody can end. So it
 * is told to wait no time at all, and the wait is here: before it hears that there is nothing yet.
 */
export function openTerminalNetwork(entra: PublicEntra & { signal: AbortSignal }): Network {
  const { clock, signal } = entra
  const { networkClient, failure } = openNetwork(entra, { signal })
  let pauseMilliseconds = 0
  return {
    failure,
    networkClient: {
      ...networkClient,
      async sendPostRequestAsync<Body>(url: string, options?: NetworkRequestOptions) {
        const answer = await networkClient.sendPostRequestAsync<Body>(url, options)
        const invitation = deviceCode.safeParse(answer.body)
        if (invitation.success) {
          pauseMilliseconds = invitation.data.interval * 1_000
          return { ...answer, body: { ...answer.body, interval: 0 } }
        }
        if (pending.safeParse(answer.body).success) await clock.sleep(pauseMilliseconds, signal)
        return answer
      },
    },
  }
}

/** MSAL's requests, through our one way out. MSAL drops the cause of a failure, so it is kept here. */
export function openNetwork({ outbound, clock }: PublicEntra, { signal }: { signal?: AbortSignal } = {}): Network {
  let failed: Problem | null = null
  const exchange = async <Body>(method: string, url: string, options?: NetworkRequestOptions) => {
    try {
      const answer = await send(outbound, {
        method,
        url,
        headers: options?.headers ?? {},
        ...(options?.body ? { body: withoutOfflineAccess(options.body) } : {}),
        maxBytes: MAX_BYTES,
        ...(signal ? { signal } : {}),
      })
      const now = clock.now()
      const body = parse(answer, now)
      if (answer.status !== 200) failed = fromTokenAnswer({ status: answer.status, headers: answer.headers, now, body })
      return { headers: { ...answer.headers }, status: answer.status, body: body as Body }
    } catch (error) {
      if (error instanceof Problem) failed = error
      throw error
    }
  }
  return {
    networkClient: {
      sendGetRequestAsync: (url, options) => exchange('GET', url, options),
      sendPostRequestAsync: (url, options) => exchange('POST', url, options),
    },
    failure: () => failed,
  }
}

/**
 * @throws Problem UNAVAILABLE for an answer that is not in OAuth’s language, such as a proxy's page: whatever its status, it is not
 *   Microsoft Entra ID that says so; THROTTLED when it asks for patience
 */
function parse({ status, headers, text }: Answer, now: Date): object {
  const body = objectIn(text)
  // MSAL goes by what is said, and takes what names no error for a token, whatever its status.
  if (body && (status === 200 || namesAnError.safeParse(body).success)) return body
  const speaksForItself = status === 429 || status >= 500
  throw fromTokenAnswer({ status: speaksForItself ? status : 502, headers, now, body: {} })
}

function objectIn(text: string): object | null {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : null
  } catch {
    return null
  }
}
