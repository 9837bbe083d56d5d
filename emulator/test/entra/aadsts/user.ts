import assert from 'node:assert/strict'
import { CryptoProvider } from '@azure/msal-node'
import type { Stage } from '#emulator/test/entra/aadsts/witness.ts'
import { FABRIKAM, REDIRECT } from '#emulator/test/support/estate.ts'

export const UMA = 'uma@fabrikam.example'
export const SCOPES = ['openid', 'profile', 'offline_access', 'User.Read']

/** A code as MSAL asks for it, with the verifier that belongs to it. */
export async function codeForMsal(stage: Stage, username = UMA) {
  const { clients } = stage
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes()
  const url = await clients.msal('organizations').getAuthCodeUrl({
    scopes: SCOPES,
    redirectUri: REDIRECT,
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
  })
  const back = await clients.signInAndAccept(url, username)
  const code = back.url.searchParams.get('code') ?? assert.fail(back.url.href)
  return { code, codeVerifier: verifier, redirectUri: REDIRECT, scopes: SCOPES }
}

/** A refresh token of Uma’s, out of MSAL’s cache, which alone knows it. */
export async function refreshTokenOf(stage: Stage, username = UMA): Promise<string> {
  const msal = stage.clients.msal('organizations')
  await msal.acquireTokenByCode(await codeForMsal(stage, username))
  const cache = JSON.parse(msal.getTokenCache().serialize()) as { RefreshToken: Record<string, { secret: string }> }
  return Object.values(cache.RefreshToken)[0]?.secret ?? assert.fail('no refresh token in MSAL’s cache')
}

/** MSAL renews: what is refused then is told as it is. */
export const renew = (stage: Stage, refreshToken: string, tenant = FABRIKAM, scopes = SCOPES) =>
  stage.clients.refusal(stage.clients.msal(tenant).acquireTokenByRefreshToken({ refreshToken, scopes }))
