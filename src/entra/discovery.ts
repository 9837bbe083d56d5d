import { z } from 'zod'
import type { Entra } from '#entra/open.ts'
import { issuerOf } from '#model/cloud.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { send } from '#outbound/send.ts'

/** The part of an OpenID configuration that MSAL needs. @see OpenID Connect Discovery 1.0, section 3 */
export type Discovery = {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  jwks_uri: string
}

/**
 * Where to go, by the cloud's own grammar instead of by asking: a poisoned document cannot send our secret elsewhere,
 * and a token for a new tenant costs one request instead of two.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 */
export const pinnedDiscovery = ({ cloud }: Pick<Entra, 'cloud'>, tenant: string): Discovery => ({
  issuer: issuerOf(cloud, tenant),
  authorization_endpoint: `${cloud.browserOrigin}/${tenant}/oauth2/v2.0/authorize`,
  token_endpoint: `${cloud.loginOrigin}/${tenant}/oauth2/v2.0/token`,
  jwks_uri: `${cloud.loginOrigin}/${tenant}/discovery/v2.0/keys`,
})

const document = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
})

/** @throws Problem UNAVAILABLE */
function readDocument(status: number, text: string): Discovery {
  try {
    if (status === 200) return document.parse(JSON.parse(text))
  } catch {
    // Neither JSON nor a discovery document: as good as no answer.
  }
  throw new Problem({
    code: 'UNAVAILABLE',
    owner: 'microsoft',
    message: `The authority’s own description could not be read (status ${status}).`,
    nextStep: 'Try again in a few minutes.',
    retry: 'backoff',
    confidence: 'certain',
  })
}

/**
 * Compares what the authority itself announces with what we use; for `tenantry doctor` and the start of a process.
 * @throws Problem ORIGIN_REFUSED when the document names another issuer or endpoint than the pinned one
 */
export async function checkDiscovery(entra: Entra, tenant: TenantId): Promise<void> {
  const { status, text } = await send(entra.outbound, {
    method: 'GET',
    url: `${entra.cloud.loginOrigin}/${tenant}/v2.0/.well-known/openid-configuration`,
    maxBytes: 1024 * 1024,
  })
  const announced = readDocument(status, text)
  const expected = pinnedDiscovery(entra, tenant)
  const different = (['issuer', 'token_endpoint', 'jwks_uri', 'authorization_endpoint'] as const).filter(
    (key) => announced[key] !== expected[key],
  )
  if (different.length === 0) return
  throw new Problem({
    code: 'ORIGIN_REFUSED',
    owner: 'microsoft',
    message: `The authority announces other addresses than its own: ${different.join(', ')}.`,
    nextStep: 'Nothing was sent there. Check the network for somebody in the middle.',
    retry: 'never',
    confidence: 'certain',
  })
}
