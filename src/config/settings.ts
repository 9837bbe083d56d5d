import { z } from 'zod'
import {
  databaseUrl,
  guid,
  httpsUrl,
  key,
  minutes,
  oneOf,
  origin,
  port,
  proxies,
  share,
  wholeNumber,
} from '#config/setting-checks.ts'
import { parseClientId, parseTenantId } from '#model/ids.ts'

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
    check: share.default(0.95),
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

export type SettingName = keyof typeof SETTINGS
export type SettingValue<Name extends SettingName> = z.output<(typeof SETTINGS)[Name]['check']>
