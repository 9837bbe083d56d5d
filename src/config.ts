import { z } from 'zod'
import { conceal } from '#base/conceal.ts'
import { readDefinition } from '#config/app-definition.ts'
import { type Credential, readCredential } from '#config/credential.ts'
import { readText } from '#config/read-text.ts'
import type { AppDefinition } from '#model/app.ts'
import { CLOUDS, type Cloud, emulatorCloud } from '#model/cloud.ts'
import { type ClientId, parseClientId, parseTenantId, type TenantId } from '#model/ids.ts'
import { nearestName } from '#model/nearest-name.ts'
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

/** One thing wrong with the configuration, in words. */
export type Mistake = { setting: string; message: string; nextStep: string }

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

const origin = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null
  const loopback = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback)) && url.pathname === '/')
    return url.origin
  context.addIssue({ code: 'custom', message: 'must be an https address without a path (http only for localhost)' })
  return z.NEVER
})
const guid = <Id>(parse: (text: unknown) => Id | null) =>
  z.string().transform((text, context) => {
    const id = parse(text.trim())
    if (id !== null) return id
    context.addIssue({ code: 'custom', message: 'must be a GUID, such as 11111111-2222-3333-4444-555555555555' })
    return z.NEVER
  })
/** One of a few words, or a number within bounds: one sentence says what it must be, whatever is wrong with it. */
const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` })
const wholeNumber = (error: string, { min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) =>
  z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error })
const minutes = wholeNumber('must be a whole number of minutes above zero', { min: 1 })
const port = wholeNumber('must be a port number, 0 to 65535', { min: 0, max: 65_535 })
const SHARE = 'must be a number above 0 and at most 1'
const key = z.string().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 32) return new Uint8Array(bytes)
  context.addIssue({ code: 'custom', message: 'must be 32 random bytes in base64 (openssl rand -base64 32)' })
  return z.NEVER
})
const databaseUrl = z.string().refine((text) => /^postgres(ql)?:\/\/[^\s]+$/.test(text) && URL.canParse(text), {
  error: 'must look like postgres://user:password@host:5432/database',
})
const httpsUrl = z.string().refine((text) => URL.canParse(text) && new URL(text).protocol === 'https:', {
  error: 'must be an https address',
})
const proxy = z.union([z.literal('nearby'), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
const proxies = z.string().transform((text, context) => {
  const entries = text.split(/[\s,]+/).filter(Boolean)
  // All addresses there are would let whoever asks say who he is.
  if (entries.every((entry) => proxy.safeParse(entry).success && !entry.endsWith('/0'))) return entries
  context.addIssue({ code: 'custom', message: 'must be addresses or networks, such as nearby, 203.0.113.0/24' })
  return z.NEVER
})
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every setting that is read from the environment, with its check, its default and what to do when it is wrong. `.env.example` is made from this table. */
export const SETTINGS = {
  TENANTRY_CLOUD: {
    check: oneOf(['public', 'usgov', 'usgov-dod', 'china', 'emulator']).default('public'),
    about:
      'Which of Microsoft’s clouds the app is registered in: public, usgov, usgov-dod or china; emulator for tests.',
  },
  TENANTRY_CLIENT_ID: {
    check: guid(parseClientId),
    about: 'The application (client) id of the app registration in your home tenant.',
  },
  TENANTRY_HOME_TENANT_ID: {
    check: guid(parseTenantId),
    about: 'The tenant id of your own directory, where the app is registered and your operators sign in.',
  },
  TENANTRY_CLIENT_SECRET: {
    check: z.string().min(1).optional(),
    about: 'A client secret of the app. Set this or the certificate.',
  },
  TENANTRY_CLIENT_SECRET_EXPIRES_ON: {
    check: z.iso
      .date('must be a date such as 2027-03-31')
      .transform((text) => new Date(`${text}T00:00:00Z`))
      .optional(),
    about:
      'The day on which that secret ends, as the portal shows it, so that you are warned 30, 14 and 3 days before.',
  },
  TENANTRY_CLIENT_CERTIFICATE_FILE: {
    check: z.string().min(1).optional(),
    about: 'A PEM file with the app’s certificate and its private key. Preferred over a secret.',
  },
  TENANTRY_DATABASE_URL: {
    check: databaseUrl.optional(),
    about: 'PostgreSQL 15 or newer. Without it the embedded database in the data folder is used.',
  },
  TENANTRY_DATA_DIR: {
    check: z.string().min(1).default('.tenantry'),
    about: 'The folder for the embedded database and generated keys.',
  },
  TENANTRY_PUBLIC_URL: {
    check: origin.default('http://localhost:3000'),
    about: 'The address of the landing page as customers see it.',
  },
  TENANTRY_CONSOLE_URL: {
    check: origin.default('http://localhost:3001'),
    about: 'The address of the console as operators see it.',
  },
  TENANTRY_LISTEN_HOST: {
    check: z.string().min(1).default('127.0.0.1'),
    about: 'The address that the web processes listen on; 0.0.0.0 in a container, behind a proxy that speaks https.',
  },
  TENANTRY_TRUSTED_PROXIES: {
    check: proxies.default(['nearby']),
    about:
      'The proxies in front of the web processes, whose X-Forwarded-For tells who asks: addresses and networks, such as nearby, 203.0.113.0/24. What is nearby has a private, shared (100.64.0.0/10), link-local or loopback address.',
  },
  TENANTRY_LANDING_PORT: { check: port.default(3000), about: 'The port that the landing page listens on.' },
  TENANTRY_CONSOLE_PORT: { check: port.default(3001), about: 'The port that the console listens on.' },
  TENANTRY_METRICS_PORT: {
    check: port.optional(),
    about:
      'The port on which a process that is only a worker gives its figures for Prometheus; none unless set. The console has /metrics.',
  },
  TENANTRY_SESSION_KEY: {
    check: key.optional(),
    about:
      '32 random bytes in base64 that seal cookies. All web processes share it. Made and kept in the data folder when absent.',
  },
  TENANTRY_EMULATOR_ORIGIN: {
    check: origin.default('https://localhost:8443'),
    about: 'Where the emulator is; only with TENANTRY_CLOUD=emulator.',
  },
  TENANTRY_EMULATOR_BROWSER_ORIGIN: {
    check: origin.default('http://localhost:8080'),
    about: 'Where a browser meets the emulator; only with TENANTRY_CLOUD=emulator.',
  },
  TENANTRY_EMULATOR_CA_FILE: {
    check: z.string().min(1).default('.tenantry/emulator/ca.pem'),
    about: 'The emulator’s certificate authority; only with TENANTRY_CLOUD=emulator.',
  },
  TENANTRY_LOG_LEVEL: { check: oneOf(LEVELS).default('info'), about: `One of ${LEVELS.join(', ')}.` },
  TENANTRY_SIGN_UP_VALID_MINUTES: {
    check: minutes.default(15),
    about: 'How long an administrator has to finish one sign-up.',
  },
  TENANTRY_GRANT_PATIENCE_MINUTES: {
    check: minutes.default(5),
    about: 'How long a sign-up waits for Microsoft to show what was granted.',
  },
  TENANTRY_METRICS_TENANTS: {
    check: wholeNumber('must be a whole number from 0 to 1000', { min: 0, max: 1_000 }).default(20),
    about:
      'How many tenants, those that have not been read for longest, have a figure of their own in the metrics; at most 1,000.',
  },
  TENANTRY_THROTTLE_SHARE: {
    check: z.coerce.number({ error: SHARE }).positive({ error: SHARE }).max(1, { error: SHARE }).default(0.95),
    about:
      'The share of Graph’s documented limits that this installation may use; the rest is left to others with the same app.',
  },
  TENANTRY_ALERT_URL: {
    check: httpsUrl.optional(),
    about:
      'Where each incident is sent as JSON, such as a chat’s incoming webhook. Nothing but its code, tenant id and words.',
  },
  TENANTRY_CONCURRENCY: {
    check: wholeNumber('must be a whole number above zero', { min: 1 }).default(4),
    about: 'How many jobs one worker does at a time.',
  },
} as const

type Setting = keyof typeof SETTINGS
type Value<Name extends Setting> = z.output<(typeof SETTINGS)[Name]['check']>

/**
 * Reads the environment and the app's definition, and tells all mistakes together.
 * @param env process.env, read by the processes in `bin/` only
 * @param app the default export of tenantry.config.ts
 */
export function readConfig(env: Environment, app: unknown): ConfigReading {
  const mistakes: Mistake[] = []
  const read = <Name extends Setting>(name: Name): Value<Name> | undefined => {
    const { check, about } = SETTINGS[name]
    const text = env[name]?.trim() === '' ? undefined : env[name]
    const result = check.safeParse(text)
    if (result.success) return result.data as Value<Name>
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
    doubts: misspelt(env),
  }
}

/** Settings that are read elsewhere. */
const READ_BEFORE = ['TENANTRY_SETTINGS_FILE']
const PREFIX = 'TENANTRY_'

/**
 * What nobody reads but is nearly the name of a setting. Only doubted: an orchestrator may put names of its own there, as
 * Kubernetes does with the addresses of services.
 */
function misspelt(env: Environment): Mistake[] {
  const known = [...Object.keys(SETTINGS), ...READ_BEFORE]
  const bare = known.map((name) => name.slice(PREFIX.length))
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .flatMap((name) => {
      const near = nearestName(name.slice(PREFIX.length), bare)
      if (near === null) return []
      return [
        { setting: name, message: 'is not a setting, and nobody reads it', nextStep: `Did you mean ${PREFIX}${near}?` },
      ]
    })
}

/** A configuration may be printed whole, by a debugger, an error or a log, and tells nothing that opens a door. */
function concealSecrets(config: Partial<Config>): void {
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

function readCloud(
  name: Value<'TENANTRY_CLOUD'> | undefined,
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
