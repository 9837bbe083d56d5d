import { conceal } from '#base/conceal.ts'
import type { Config } from '#config.ts'

/** A configuration may be printed whole, by a debugger, an error or a log, and tells nothing that opens a door. */
export function concealSecrets(config: Partial<Config>): void {
  const { credential } = config
  if (credential) conceal(credential, () => ({ kind: credential.kind, concealed: true }))
  conceal(config, () => ({
    ...config,
    ...(config.databaseUrl ? { databaseUrl: withoutPassword(config.databaseUrl) } : {}),
    ...(config.sessionKey ? { sessionKey: '[concealed]' } : {}),
    // Whoever knows a webhook’s address may write there.
    ...(config.alertUrl ? { alertUrl: new URL(config.alertUrl).origin } : {}),
  }))
}

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  if (url.password) url.password = 'concealed'
  if (url.searchParams.has('password')) url.searchParams.set('password', 'concealed')
  return url.href
}
