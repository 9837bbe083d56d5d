import { appendFileSync, chmodSync, existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { systemClock } from '#base/clock.ts'
import { codeOf } from '#base/code-of.ts'
import { openLog } from '#base/log.ts'
import { readSettings } from '#bin/read-settings.ts'
import type { Start } from '#bin/start.ts'
import { tellMistakes } from '#bin/tell-mistakes.ts'
import type { RegisterOptions } from '#cli/register-command.ts'
import { EXIT_USAGE } from '#cli/run-cli.ts'
import { jsonText, tellInvitation } from '#cli/terminal.ts'
import type { Mistake } from '#config/mistake.ts'
import type { Config } from '#config.ts'
import { type Registered, registerApp, registerScopes } from '#flows/registration/register-app.ts'
import { openRegistrar } from '#tools/registrar.ts'

/** What registering is there to find out. */
const NOT_YET_KNOWN = ['TENANTRY_CLIENT_ID', 'TENANTRY_HOME_TENANT_ID', 'TENANTRY_CLIENT_SECRET']

/**
 * `tenantry register`: an administrator of the home tenant signs in here, and the app registration becomes what
 * tenantry.config.ts declares. A secret goes into the file that was named, readable by its owner only, and nowhere else.
 */
export async function register(start: Start, { settings, operator, json }: RegisterOptions): Promise<number> {
  const { terminal, signal } = start
  const { parts, mistakes } = await readSettings(start)
  const { app, cloud, publicUrl, consoleUrl, clientId, homeTenantId, credential, emulatorCa } = parts
  const blocking = mistakes.filter(
    ({ setting, message }) => !(NOT_YET_KNOWN.includes(setting) && message === 'is missing'),
  )
  const file = settings ? openSettings(settings, blocking) : null
  if (blocking.length > 0 || !app || !cloud || !publicUrl || !consoleUrl) {
    tellMistakes(terminal, blocking)
    return EXIT_USAGE
  }
  await using registrar = openRegistrar(
    { cloud, emulatorCa: emulatorCa ?? null },
    { clock: systemClock, log: openLog('silent') },
  )
  const graph = await registrar.signIn({
    tenant: homeTenantId ?? 'organizations',
    scopes: registerScopes({ operator }),
    tell: (invitation) => tellInvitation(terminal, invitation),
    signal,
  })
  const wantsSecret = file !== null && !credential && !file.has('TENANTRY_CLIENT_SECRET')
  const registered = await registerApp(
    { graph, clock: registrar.clock, signal },
    {
      app,
      publicUrl,
      consoleUrl,
      operator,
      clientId: clientId ?? null,
      certificate: credential?.kind === 'certificate' ? certificateOf(credential) : null,
      keepSecret: wantsSecret
        ? async ({ secret, expiresAt }) => {
            file.add('TENANTRY_CLIENT_SECRET', secret)
            file.add('TENANTRY_CLIENT_SECRET_EXPIRES_ON', expiresAt.toISOString().slice(0, 10))
          }
        : null,
    },
  )
  file?.add('TENANTRY_CLIENT_ID', registered.clientId)
  file?.add('TENANTRY_HOME_TENANT_ID', registered.tenantId)
  const hasCredential = Boolean(credential) || Boolean(file?.has('TENANTRY_CLIENT_SECRET'))
  const written = file?.written() ?? []
  terminal.out(
    json ? jsonText({ ...registered, written }) : tellRegistered(registered, { settings, written, hasCredential }),
  )
  return 0
}

type Certificate = Extract<Config['credential'], { kind: 'certificate' }>
const certificateOf = ({ certificate, thumbprintSha1, thumbprintSha256 }: Certificate) => ({
  der: certificate,
  thumbprints: [thumbprintSha1, thumbprintSha256],
})

/** A file of settings in which only what is missing or empty is filled in: what has a value is left alone. */
type SettingsFile = { has(name: string): boolean; add(name: string, value: string): void; written(): readonly string[] }

/** Opened before anybody signs in: a secret that cannot be kept must not be made. */
function openSettings(path: string, mistakes: Mistake[]): SettingsFile | null {
  try {
    if (existsSync(path)) {
      chmodSync(path, 0o600)
      appendFileSync(path, '')
    } else writeFileSync(path, '', { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const reason = codeOf(error) || 'unknown'
    mistakes.push({
      setting: '--settings',
      message: `names a file that cannot be written: ${path} (${reason})`,
      nextStep: 'Name one that is yours, such as .env.',
    })
    return null
  }
  const added: string[] = []
  const text = () => readFileSync(path, 'utf8')
  const line = (name: string, value: string) => new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=${value}`, 'm')
  const has = (name: string) => line(name, '[ \\t]*(?!["\']{2}[ \\t]*$|#)\\S').test(text())
  return {
    has,
    add(name, value) {
      if (has(name)) return
      const before = text()
      const empty = line(name, '.*$')
      if (empty.test(before))
        replaceFile(
          path,
          before.replace(empty, () => `${name}=${value}`),
        )
      else appendFileSync(path, `${/[^\n]$/.test(before) ? '\n' : ''}${name}=${value}\n`)
      added.push(name)
    },
    written: () => added,
  }
}

/** Whenever this process ends, the file is there as it was or as it is to be. */
function replaceFile(path: string, text: string): void {
  const real = realpathSync(path)
  writeFileSync(`${real}.new`, text, { mode: 0o600 })
  renameSync(`${real}.new`, real)
}

const OUTCOMES = {
  created: 'made',
  changed: 'brought up to date',
  'already-there': 'there already',
  refused: 'refused by Microsoft; do it by hand, as docs/real-entra.md says',
} as const

function tellRegistered(
  { clientId, tenantId, tenantName, done, undeclared }: Registered,
  {
    settings,
    written,
    hasCredential,
  }: { settings: string | undefined; written: readonly string[]; hasCredential: boolean },
): string {
  return [
    `The app is registered in ${tenantName}.`,
    ...done.map(({ what, outcome }) => `  ${what}: ${OUTCOMES[outcome]}`),
    ...(undeclared.length > 0
      ? [
          `It asks for more than tenantry.config.ts declares: ${undeclared.join(', ')}. Take that out of its API permissions, unless it is meant.`,
        ]
      : []),
    '',
    'Its settings:',
    `  TENANTRY_CLIENT_ID=${clientId}`,
    `  TENANTRY_HOME_TENANT_ID=${tenantId}`,
    ...(written.length > 0 ? [`Written to ${settings}: ${written.join(', ')}.`] : []),
    '',
    hasCredential
      ? 'Next: tenantry doctor. Microsoft may need a few minutes until it knows a new app everywhere.'
      : 'It has no credential yet. Make a certificate (docs/real-entra.md), set TENANTRY_CLIENT_CERTIFICATE_FILE and run this again; or run it with --settings FILE, which writes a new secret there.',
  ].join('\n')
}
