import { readGraphToken } from '#entra/graph-token.ts'
import { withPublicClient } from '#entra/msal.ts'
import type { PublicEntra } from '#entra/open.ts'
import type { DelegatedToken } from '#model/administrator.ts'
import { GRAPH_COMMAND_LINE_TOOLS, parseTenantId, type TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'

export type DeviceSignIn = {
  /** A tenant id, or `organizations` for whichever work account signs in. */
  tenant: TenantId | 'organizations'
  /** Exactly what is asked for, as Graph names it. */
  scopes: readonly string[]
  /** Shown to whoever sits at the terminal: where to go, and the code to type in there. */
  tell(invitation: { address: string; code: string }): void
  signal: AbortSignal
}

/**
 * Signs a person in at a terminal: a code is typed in with a browser, on whatever machine. The client is Microsoft’s own,
 * so that no app registration is needed; the token holds what was asked for, and is kept nowhere.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
 * @throws Problem CODE_EXPIRED, CONSENT_DECLINED, CONDITIONAL_ACCESS and whatever Entra ID answers; TOKEN_OF_OTHER_TENANT
 */
export async function signInByDevice(
  entra: PublicEntra,
  { tenant, scopes, tell, signal }: DeviceSignIn,
): Promise<DelegatedToken> {
  signal.throwIfAborted()
  const terminal = { ...entra, signal, clientId: GRAPH_COMMAND_LINE_TOOLS }
  const result = await withPublicClient(terminal, tenant, (client) =>
    client.acquireTokenByDeviceCode({
      scopes: scopes.map((scope) => `${entra.cloud.graphResource}/${scope}`),
      deviceCodeCallback: ({ verificationUri, userCode }) => tell({ address: verificationUri, code: userCode }),
    }),
  )
  const tenantId = parseTenantId(readGraphToken(terminal, result?.accessToken ?? '')?.tid)
  if (!result || !tenantId || (tenant !== 'organizations' && tenantId !== tenant)) throw otherTenant()
  return {
    tenantId,
    value: result.accessToken,
    expiresAt: result.expiresOn ?? new Date(0),
    scopes: result.scopes,
  }
}

const otherTenant = () =>
  new Problem({
    code: 'TOKEN_OF_OTHER_TENANT',
    owner: 'operator',
    message:
      'Microsoft gave an access token that is not for the tenant that was to be signed in to, and for Microsoft Graph.',
    nextStep: 'Nothing was done with it. Sign in with an account of that tenant.',
    retry: 'never',
    confidence: 'certain',
  })
