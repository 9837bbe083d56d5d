import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ZodType, z } from 'zod'
import { advanceClock, type Duration, setClock } from '#emulator/control/clock.ts'
import { type EstateView, viewEstate } from '#emulator/control/estate.ts'
import { OPERATIONS, type Operations } from '#emulator/control/operations.ts'
import { demoEstate } from '#emulator/estate/demo.ts'
import { EstateError } from '#emulator/estate/load.ts'
import type { EstateInput } from '#emulator/estate/schema.ts'
import { type LagSettings, lagSchema } from '#emulator/lag/settings.ts'
import { type Rule, type RuleInput, ruleSchema } from '#emulator/mischief/rules.ts'
import type { Word } from '#emulator/mischief/words.ts'
import type { RequestEntry, RequestFilter } from '#emulator/request-log.ts'
import { openServer } from '#emulator/server/open.ts'
import { NO_THROTTLE, type ThrottleSettings, throttleSchema } from '#emulator/throttle.ts'
import type { World } from '#emulator/world.ts'

export { DEMO, demoEstate } from '#emulator/estate/demo.ts'
export type {
  Duration,
  EstateInput,
  EstateView,
  LagSettings,
  RequestEntry,
  RequestFilter,
  Rule,
  RuleInput,
  ThrottleSettings,
  Word,
}
export { EstateError }

export type StartOptions = {
  /** The estate itself or the path of its JSON file; the demo estate unless told. */
  estate?: EstateInput | string
  /** Of HTTPS; any free one unless told. */
  port?: number
  /** Of the browser-facing twin over plain HTTP; any free one unless told. */
  httpPort?: number
  /** Opens a proxy for clients that ask Microsoft's own names and no others, as the Azure CLI; 0 for any free port. */
  proxyPort?: number
  /** The address to listen on; loopback unless told. Only for containers, whose ports are published on loopback again. */
  host?: string
  /** Where the certificate authority is kept, so that clients need to trust it once; nowhere unless told. */
  dataDir?: string
}

/** What administrators do behind an app's back; see `control/operations.ts` for each. */
export type DirectoryOperations = {
  [Name in keyof Operations]: (
    input: z.input<Operations[Name]['schema']>,
  ) => Awaited<ReturnType<Operations[Name]['run']>> extends infer Result ? Promise<Result> : never
}

export type Emulator = AsyncDisposable & {
  /** `https://localhost:8443`: the authority's host and Microsoft Graph for programs. */
  readonly origin: string
  /** `http://localhost:8080`: the same for people's browsers, without a certificate warning. */
  readonly browserOrigin: string
  /** PEM of the certificate authority; trust it in the client only. */
  readonly ca: string
  /** The same as a file, where there is a data folder: for NODE_EXTRA_CA_CERTS and its like. */
  readonly caFile: string | null
  /** `http://127.0.0.1:8888` for HTTPS_PROXY, where a proxy was wanted: login.microsoftonline.com and its like lead here. */
  readonly proxy: string | null

  readonly clock: {
    now(): Date
    /** Tokens, codes, secrets and certificates expire by turning it. */
    advance(by: Duration): void
    set(to: Date): void
    /** From now on it moves only when it is turned, so that no test depends on how fast the machine is. */
    stop(): void
    /** Back to the machine's time, and going. */
    reset(): void
  }
  readonly mischief: {
    /** These rules and no others; with the same seed, rules of a probability strike the same requests. */
    set(rules: readonly RuleInput[], seed?: number): void
    /** One rule more; without `times` until cleared. */
    add(rule: RuleInput): void
    /** Strikes the next matching request and no other. */
    once(rule: RuleInput): void
    /** The word from now on, for everybody: `say('idtoken.nonce=other')`. */
    say(...words: readonly Word[]): void
    rules(): readonly Rule[]
    clear(): void
  }
  readonly lag: {
    set(settings: Partial<LagSettings>): void
    settings(): LagSettings
    clear(): void
  }
  readonly throttle: {
    /** Graph’s documented limits, from now on; `limitScale: 0.01` makes them small enough to be reached in a test. */
    set(settings: Partial<ThrottleSettings>): void
    settings(): ThrottleSettings
    clear(): void
  }
  readonly requests: {
    /** Oldest first; `path` is a regular expression. No secret, code or token stands in it. */
    list(filter?: RequestFilter): RequestEntry[]
    clear(): void
  }
  readonly directory: DirectoryOperations
  /** What is there: tenants, accounts, applications. */
  estate(): EstateView
  /** A copy of directory and time, to go back to with `restore`. */
  snapshot(): string
  restore(snapshot: string): void
  /** As it was at the start: the estate, the machine's time, no faults, no lag, no requests. */
  reset(): void
  close(): Promise<void>
}

/**
 * Starts Entra ID and Microsoft Graph, small and on this machine only.
 * @throws EstateError with every mistake of the estate; the error of the system for a busy port
 */
export async function startEmulator(options: StartOptions = {}): Promise<Emulator> {
  const { estate = demoEstate, port = 0, httpPort = 0, proxyPort = null, host = null, dataDir = null } = options
  const server = await openServer({
    estate: typeof estate === 'string' ? await readEstate(estate) : estate,
    port,
    httpPort,
    proxyPort,
    host,
    dataDir,
  })
  const { world, snapshots } = server
  const { clock, mischief, lag, requests, throttle } = world
  const add = (rule: RuleInput) => mischief.add(ruleSchema.parse(rule))
  return {
    origin: world.origins.https,
    browserOrigin: world.origins.browser,
    ca: server.ca,
    caFile: dataDir === null ? null : join(dataDir, 'ca.pem'),
    proxy: server.proxyPort === null ? null : `http://127.0.0.1:${server.proxyPort}`,
    clock: {
      now: clock.now,
      advance: (by) => advanceClock(clock, by),
      set: (to) => setClock(clock, to),
      stop: clock.stop,
      reset: clock.reset,
    },
    mischief: {
      set: (rules, seed = 1) =>
        mischief.set(
          rules.map((rule) => ruleSchema.parse(rule)),
          seed,
        ),
      add,
      once: (rule) => add({ ...rule, times: 1 }),
      say: (...words) => {
        for (const word of words) add({ word })
      },
      rules: mischief.rules,
      clear: mischief.clear,
    },
    lag: {
      set: (settings) => lag.set(lagSchema.parse(settings)),
      settings: lag.settings,
      clear: () => lag.set(lagSchema.parse({})),
    },
    throttle: {
      set: (settings) => throttle.set(throttleSchema.parse({ on: true, ...settings })),
      settings: throttle.settings,
      clear: () => throttle.set(NO_THROTTLE),
    },
    requests: { list: requests.list, clear: requests.clear },
    directory: openDirectoryOperations(world),
    estate: () => viewEstate(world),
    snapshot: snapshots.take,
    restore(snapshot) {
      if (!snapshots.restore(snapshot)) throw new Error(`There is no snapshot ${snapshot}.`)
    },
    reset: server.reset,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

async function readEstate(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new EstateError([error.code === 'ENOENT' ? `${file}: there is no such file` : `${file}: ${error.message}`])
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new EstateError([`${file}: is not JSON (${error instanceof Error ? error.message : String(error)})`])
  }
}

function openDirectoryOperations(world: World): DirectoryOperations {
  const entries = Object.entries(OPERATIONS).map(([name, { schema, run }]) => [
    name,
    async (input: unknown) =>
      (run as (world: World, input: unknown) => unknown)(world, (schema as ZodType).parse(input)),
  ])
  return Object.fromEntries(entries) as DirectoryOperations
}
