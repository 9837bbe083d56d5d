import { type Clock, systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Mistake } from '#config/mistake.ts'
import type { Config, ConfigReading } from '#config.ts'
import { appToken } from '#entra/app-token.ts'
import { checkDiscovery } from '#entra/discovery.ts'
import { openEntra } from '#entra/open.ts'
import { expiring, warningStage } from '#model/credential.ts'
import { diagnose, type ProblemCode } from '#model/problem.ts'
import { openOutbound } from '#outbound/open.ts'
import { assertConfined } from '#store/database/assert-confined.ts'
import { clockAhead } from '#store/database/clock-ahead.ts'
import { assertMigrated } from '#store/database/migrate.ts'
import { openStore } from '#store/database/open.ts'

/** What a trial of the configuration found: mistakes stop a process from starting, doubts are told and lived with. */
export type Preflight = { mistakes: readonly Mistake[]; doubts: readonly Mistake[] }

/** What Microsoft says when the configuration is wrong, as opposed to when Microsoft or the network has a bad day. */
const OUR_MISTAKES: readonly ProblemCode[] = [
  'CLIENT_SECRET_INVALID',
  'CLIENT_SECRET_EXPIRED',
  'CLIENT_CERTIFICATE_REJECTED',
  'APPLICATION_MISCONFIGURED',
  'SERVICE_PRINCIPAL_MISSING',
  'TENANT_NOT_FOUND',
]

/** What means "not consented" in a customer's tenant means "not our app's id" at home. */
const NOT_AT_HOME = {
  message: 'The home tenant knows no application with this id.',
  nextStep:
    'Check it and TENANTRY_HOME_TENANT_ID. An app that a script has registered needs `az ad sp create --id …` at home, too.',
}

/**
 * Tries what can only be found out by trying: whether the database answers, keeps tenants apart, has our schema and our time, and
 * whether Microsoft accepts the app's credential and announces the addresses that we use. Works with whatever part of the
 * configuration is sound, so that all mistakes are told at once.
 */
export async function preflight(
  { parts, mistakes, doubts }: ConfigReading,
  log: Log,
  clock: Clock = systemClock,
): Promise<Preflight> {
  const trials = await Promise.all([tryDatabase(parts, log, clock), tryCredential(parts, log, clock)])
  return {
    mistakes: [...mistakes, ...trials.flatMap((trial) => trial.mistakes)],
    doubts: [...doubts, ...trials.flatMap((trial) => trial.doubts)],
  }
}

const NOTHING: Preflight = { mistakes: [], doubts: [] }

async function tryDatabase({ databaseUrl, dataDir }: Partial<Config>, log: Log, clock: Clock): Promise<Preflight> {
  if (!databaseUrl || !dataDir) return NOTHING
  try {
    await using store = await openStore({ databaseUrl, dataDir, clock, log })
    await assertConfined(store)
    await assertMigrated(store)
    return apart(await clockAhead(store))
  } catch (error) {
    const { message, nextStep } = diagnose(error)
    return { mistakes: [{ setting: 'TENANTRY_DATABASE_URL', message, nextStep }], doubts: [] }
  }
}

/** A minute is far more than the way to the database takes, and far less than what is planned or lent by. */
const FURTHEST_APART_MILLISECONDS = 60_000

function apart(aheadMilliseconds: number): Preflight {
  if (Math.abs(aheadMilliseconds) <= FURTHEST_APART_MILLISECONDS) return NOTHING
  const minutes = Math.round(Math.abs(aheadMilliseconds) / 60_000)
  const way = aheadMilliseconds > 0 ? 'ahead of' : 'behind'
  const doubt = {
    setting: 'TENANTRY_DATABASE_URL',
    message: `The clock of this machine is ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} ${way} the database server’s.`,
    nextStep: 'Let both follow a time server (NTP): tokens, sign-ups and rests are judged by this machine’s clock.',
  }
  return { mistakes: [], doubts: [doubt] }
}

async function tryCredential(parts: Partial<Config>, log: Log, clock: Clock): Promise<Preflight> {
  const { cloud, clientId, homeTenantId, credential, emulatorCa } = parts
  if (!cloud || !clientId || !homeTenantId || !credential || (cloud.name === 'emulator' && !emulatorCa)) return NOTHING
  await using outbound = openOutbound({ origins: [cloud.loginOrigin], ...(emulatorCa ? { ca: emulatorCa } : {}), log })
  const entra = openEntra({ cloud, clientId, homeTenantId, credential, outbound, clock, log })
  try {
    await appToken(entra, homeTenantId, { fresh: true })
    await checkDiscovery(entra, homeTenantId)
    return endsSoon(credential, clock)
  } catch (error) {
    const { code, message, nextStep } = diagnose(error)
    const words = code === 'SERVICE_PRINCIPAL_MISSING' ? NOT_AT_HOME : { message, nextStep }
    const found = { setting: settingOf(code, credential.kind), ...words }
    return OUR_MISTAKES.includes(code) ? { mistakes: [found], doubts: [] } : { mistakes: [], doubts: [found] }
  }
}

/** A certificate that has not begun is refused by Microsoft; one that is about to end still works today. */
function endsSoon({ kind, expiresAt }: Config['credential'], clock: Clock): Preflight {
  if (!expiresAt || warningStage(expiresAt, clock.now()) === null) return NOTHING
  const { message, nextStep } = expiring({ kind, expiresAt }, clock.now())
  return { mistakes: [], doubts: [{ setting: settingOf('CREDENTIAL_EXPIRING', kind), message, nextStep }] }
}

function settingOf(code: ProblemCode, kind: 'secret' | 'certificate'): string {
  if (code === 'TENANT_NOT_FOUND') return 'TENANTRY_HOME_TENANT_ID'
  if (code === 'APPLICATION_MISCONFIGURED' || code === 'SERVICE_PRINCIPAL_MISSING') return 'TENANTRY_CLIENT_ID'
  if (code === 'NETWORK' || code === 'UNAVAILABLE' || code === 'ORIGIN_REFUSED') return 'TENANTRY_CLOUD'
  return kind === 'secret' ? 'TENANTRY_CLIENT_SECRET' : 'TENANTRY_CLIENT_CERTIFICATE_FILE'
}
