import assert from 'node:assert/strict'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { askToken } from '#emulator/test/support/token.ts'
import { authorizationUrl, type Redemption, redeemCode, type SignedIn } from '#entra/administrator-sign-in.ts'
import { newSignIn } from '#entra/new-sign-in.ts'
import type { SignInTicket } from '#model/administrator.ts'
import type { Gates } from '#test/support/gates.ts'

export const GRACE = 'grace@contoso.onmicrosoft.com'
const redirectUri = 'http://localhost:3000/sign-up/callback'
const scopes = ['openid', 'profile', 'User.Read']

type Way = Pick<Gates, 'emulator' | 'entra'>
/** Somebody back from Microsoft, with a code that is still to be redeemed. */
export type Returned = { ticket: SignInTicket; code: string; query: URLSearchParams }

/** Signs somebody in through the emulator's pages. */
export async function comeBack(
  { emulator, entra }: Way,
  { username = GRACE, tenant = 'organizations' }: { username?: string; tenant?: Redemption['tenant'] } = {},
): Promise<Returned> {
  const { challenge, ...ticket } = newSignIn()
  const url = await authorizationUrl(entra, { tenant, redirectUri, scopes, ...ticket, challenge })
  const person = { username, password: DEMO.password }
  const { url: back } = await signInAndAccept(openBrowser(emulator), url, person, { organization: true })
  const query = back.searchParams
  return { ticket, code: query.get('code') ?? assert.fail(`no code: ${back.search}`), query }
}

/** The way our own sign-in redeems it: through MSAL. */
export const redeem = (
  { entra }: Pick<Gates, 'entra'>,
  { ticket, code }: Returned,
  change: Partial<Redemption> = {},
): Promise<SignedIn> => redeemCode(entra, { tenant: 'organizations', code, redirectUri, scopes, ...ticket, ...change })

/** The ID token as it comes over the wire, before any library has had a look at it. */
export async function idTokenFor({ emulator }: Pick<Gates, 'emulator'>, { ticket, code }: Returned): Promise<string> {
  const { status, body, text } = await askToken(emulator, 'organizations', {
    grant_type: 'authorization_code',
    client_id: DEMO.appId,
    client_secret: DEMO.secret,
    redirect_uri: redirectUri,
    scope: scopes.join(' '),
    code,
    code_verifier: ticket.verifier,
  })
  assert.equal(status, 200, text)
  return String(body.id_token)
}
