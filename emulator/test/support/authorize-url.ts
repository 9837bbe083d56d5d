import type { Emulator } from '#emulator/index.ts'
import { APP, REDIRECT } from '#emulator/test/support/estate.ts'

/** Where a browser is sent to sign in to the test estate's application; a parameter that is undefined is left out. */
export function authorizeUrl(
  emulator: Emulator,
  parameters: Record<string, string | undefined> = {},
  path = 'organizations/oauth2/v2.0/authorize',
): string {
  const url = new URL(`${emulator.browserOrigin}/${path}`)
  const all: Record<string, string | undefined> = {
    client_id: APP,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid profile offline_access User.Read',
    state: 's',
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}
