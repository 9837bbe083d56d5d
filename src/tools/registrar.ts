import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Config } from '#config.ts'
import { type DeviceSignIn, signInByDevice } from '#entra/device-sign-in.ts'
import { type Graph, openGraph } from '#graph/open.ts'
import { openOutbound } from '#outbound/open.ts'

/** The gates without an app: all that there is before the app has been registered. */
export type Registrar = {
  clock: Clock
  /** Microsoft Graph on behalf of whoever signs in at the terminal. */
  signIn(wish: DeviceSignIn): Promise<Graph>
  [Symbol.asyncDispose](): Promise<void>
}

export function openRegistrar(
  { cloud, emulatorCa }: Pick<Config, 'cloud' | 'emulatorCa'>,
  { clock, log }: { clock: Clock; log: Log },
): Registrar {
  const outbound = openOutbound({
    origins: [cloud.loginOrigin, cloud.graphOrigin],
    ...(emulatorCa ? { ca: emulatorCa } : {}),
    log,
  })
  return {
    clock,
    async signIn(wish) {
      const { tenantId, value } = await signInByDevice({ cloud, outbound, clock }, wish)
      return openGraph({
        cloud,
        outbound,
        tenantId,
        token: async () => value,
        signedIn: true,
        clock,
        log,
        priority: 'high',
      })
    },
    [Symbol.asyncDispose]: () => outbound.close(),
  }
}
