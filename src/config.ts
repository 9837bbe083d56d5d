import { readDefinition } from '#config/app-definition.ts'
import { concealSecrets } from '#config/conceal-secrets.ts'
import { type Credential, readCredential } from '#config/credential.ts'
import { misspeltSettings } from '#config/misspelt-settings.ts'
import type { Mistake } from '#config/mistake.ts'
import { readText } from '#config/read-text.ts'
import { SETTINGS, type SettingName, type SettingValue } from '#config/settings.ts'
import type { AppDefinition } from '#model/app.ts'
import { CLOUDS, type Cloud, emulatorCloud } from '#model/cloud.ts'
import type { ClientId, TenantId } from '#model/ids.ts'
import { DOCUMENTED_LIMITS, scaled, type ThrottleLimits } from '#model/throttle.ts'

/** Everything that the processes need to know, read once and frozen. */
export type Config = {
  app: AppDefinition
  cloud: Cloud
  clientId: ClientId
  /** The ISV's own tenant, where the application lives and the operators sign in. */
  homeTenantId: TenantId
  credential: Credential
  /** The emulator's certificate authority, PEM; null in Microsoft's clouds. */
  emulatorCa: string | null
  /** postgres://…; null for the embedded database. */
  databaseUrl: string | null
  /** Holds the embedded database, its lock and the generated session key. */
  dataDir: string
  /** Where customers' administrators find the landing page: an origin, no trailing slash. */
  publicUrl: string
  /** Where operators find the console: an origin, no trailing slash. */
  consoleUrl: string
  listenHost: string
  /** Whose word about a visitor's address is taken: addresses, networks in CIDR notation, `nearby`. */
  trustedProxies: readonly string[]
  landingPort: number
  consolePort: number
  /** Where a worker gives its figures; null: nowhere. */
  metricsPort: number | null
  /** So many tenants have a figure of their own: those that have not been read for longest. */
  metricsTenants: number
  /** 32 bytes that seal cookies; null: made once and kept in the data folder. */
  sessionKey: Uint8Array | null
  logLevel: string
  signUpValidMinutes: number
  /** How long an administrator waits, at most, for Microsoft to show what he has just granted. */
  grantPatienceMinutes: number
  syncEveryMinutes: number
  /** What Graph lets this installation ask. */
  throttleLimits: ThrottleLimits
  /** Where incidents are told, as JSON by POST; null: nowhere but in the log, the figures and the console. */
  alertUrl: string | null
  /** Jobs that one worker does at a time. */
  concurrency: number
}

/**
 * What could be read and what is wrong. `config` is null as soon as there is one mistake; `parts` holds what is sound.
 * `doubts` look wrong and stop nothing.
 */
export type ConfigReading = {
  config: Config | null
  parts: Partial<Config>
  mistakes: readonly Mistake[]
  doubts: readonly Mistake[]
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the environment and the app's definition, and tells all mistakes together.
 * @param env process.env, read by the processes in `bin/` only
 * @param app the default export of tenantry.config.ts
 */
export function readConfig(env: Environment, app: unknown): ConfigReading {
  const mistakes: Mistake[] = []
  const read = <Name extends SettingName>(name: Name): SettingValue<Name> | undefined => {
    const { check, about } = SETTINGS[name]
    const text = env[name]?.trim() === '' ? undefined : env[name]
    const result = check.safeParse(text)
    if (result.success) return result.data as SettingValue<Name>
    const message = text === undefined ? 'is missing' : (result.error.issues[0]?.message ?? 'is not valid')
    mistakes.push({ setting: name, message, nextStep: about })
    return undefined
  }

  const cloudName = read('TENANTRY_CLOUD')
  const emulatorOrigin = read('TENANTRY_EMULATOR_ORIGIN')
  const emulatorBrowserOrigin = read('TENANTRY_EMULATOR_BROWSER_ORIGIN')
  const emulatorCaFile = read('TENANTRY_EMULATOR_CA_FILE')
  const cloud = readCloud(cloudName, emulatorOrigin, emulatorBrowserOrigin)
  const emulatorCa =
    cloudName === 'emulator' && emulatorCaFile
      ? readText(
          'TENANTRY_EMULATOR_CA_FILE',
          emulatorCaFile,
          mistakes,
          'Start the emulator first, which writes it, or name the file that it has written.',
        )
      : null
  const credential = readCredential(
    { secret: read('TENANTRY_CLIENT_SECRET'), expiresAt: read('TENANTRY_CLIENT_SECRET_EXPIRES_ON') ?? null },
    read('TENANTRY_CLIENT_CERTIFICATE_FILE'),
    mistakes,
  )
  refuseUnsafeTls(env, cloudName, mistakes)
  const definitionRead = readDefinition(app, mistakes)

  const parts = {
    app: definitionRead,
    cloud,
    clientId: read('TENANTRY_CLIENT_ID'),
    homeTenantId: read('TENANTRY_HOME_TENANT_ID'),
    credential,
    emulatorCa,
    databaseUrl: read('TENANTRY_DATABASE_URL') ?? null,
    dataDir: read('TENANTRY_DATA_DIR'),
    publicUrl: read('TENANTRY_PUBLIC_URL'),
    consoleUrl: read('TENANTRY_CONSOLE_URL'),
    listenHost: read('TENANTRY_LISTEN_HOST'),
    trustedProxies: read('TENANTRY_TRUSTED_PROXIES'),
    landingPort: read('TENANTRY_LANDING_PORT'),
    consolePort: read('TENANTRY_CONSOLE_PORT'),
    metricsPort: read('TENANTRY_METRICS_PORT') ?? null,
    metricsTenants: read('TENANTRY_METRICS_TENANTS'),
    sessionKey: read('TENANTRY_SESSION_KEY') ?? null,
    logLevel: read('TENANTRY_LOG_LEVEL'),
    signUpValidMinutes: read('TENANTRY_SIGN_UP_VALID_MINUTES'),
    grantPatienceMinutes: read('TENANTRY_GRANT_PATIENCE_MINUTES'),
    syncEveryMinutes: definitionRead?.syncEveryMinutes ?? 60,
    throttleLimits: scaled(
      { ...DOCUMENTED_LIMITS, ...definitionRead?.graphLimits },
      read('TENANTRY_THROTTLE_SHARE') ?? 1,
    ),
    alertUrl: read('TENANTRY_ALERT_URL') ?? null,
    concurrency: read('TENANTRY_CONCURRENCY'),
  }
  const sound = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<Config>
  concealSecrets(sound)
  return {
    config: mistakes.length === 0 ? Object.freeze(sound as Config) : null,
    parts: sound,
    mistakes,
    doubts: misspeltSettings(env),
  }
}

function readCloud(
  name: SettingValue<'TENANTRY_CLOUD'> | undefined,
  emulator: string | undefined,
  browser: string | undefined,
): Cloud | undefined {
  if (!name) return undefined
  if (name !== 'emulator') return CLOUDS[name]
  return emulator && browser ? emulatorCloud(emulator, browser) : undefined
}

/** An emulator's looseness must not slip into production. */
function refuseUnsafeTls(env: Environment, cloud: string | undefined, mistakes: Mistake[]): void {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return
  mistakes.push({
    setting: 'NODE_TLS_REJECT_UNAUTHORIZED',
    message: 'is 0: certificates would not be checked',
    nextStep:
      cloud === 'emulator'
        ? 'Remove it: the emulator’s certificate authority is read from TENANTRY_EMULATOR_CA_FILE.'
        : 'Remove it.',
  })
}
