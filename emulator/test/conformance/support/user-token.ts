import type { Emulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { CONTOSO, REDIRECT, SECRET } from '#emulator/test/support/estate.ts'
import { askToken } from '#emulator/test/support/token.ts'

/** A token of Contoso’s Uma for this scope, got by the application in the code flow; she consents on the way. */
export async function userTokenFor(emulator: Emulator, scope: string, appId: string): Promise<string> {
  const asked = { client_id: appId, redirect_uri: REDIRECT, scope: `openid ${scope}` }
  const query = new URLSearchParams({ ...asked, response_type: 'code' })
  const address = `${emulator.browserOrigin}/${CONTOSO}/oauth2/v2.0/authorize?${query}`
  const back = await signInAndAccept(openBrowser(emulator), address, { username: 'uma@contoso.example' })
  const { body } = await askToken(emulator, CONTOSO, {
    ...asked,
    grant_type: 'authorization_code',
    client_secret: SECRET,
    code: back.url.searchParams.get('code') ?? '',
  })
  return body.access_token
}
