import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { azureApp } from '#emulator/azure/app.ts'
import { openClock } from '#emulator/clock.ts'
import { controlApp } from '#emulator/control/app.ts'
import { openSnapshots, type Snapshots } from '#emulator/control/snapshots.ts'
import { replaceDirectory } from '#emulator/directory/open.ts'
import { entraApp } from '#emulator/entra/app.ts'
import { openEntraState } from '#emulator/entra/state.ts'
import { loadEstate } from '#emulator/estate/load.ts'
import { graphApp } from '#emulator/graph/app.ts'
import { openKeys } from '#emulator/keys.ts'
import { openLag } from '#emulator/lag/open.ts'
import { NO_LAG } from '#emulator/lag/settings.ts'
import { openMischief } from '#emulator/mischief/open.ts'
import { openRequestLog } from '#emulator/request-log.ts'
import { answerPages } from '#emulator/server/cross-origin.ts'
import { answerDefect } from '#emulator/server/defect.ts'
import type { ServedEnv } from '#emulator/server/faults.ts'
import { listen } from '#emulator/server/listen.ts'
import { openProxy } from '#emulator/server/proxy.ts'
import { answerUnknown } from '#emulator/server/unknown.ts'
import { watch } from '#emulator/server/watch.ts'
import { NO_THROTTLE, openThrottle } from '#emulator/throttle.ts'
import { openTls } from '#emulator/tls.ts'
import type { World } from '#emulator/world.ts'

export type ServerOptions = {
  /** The estate as data; see `estate/schema.ts`. */
  estate: unknown
  port: number
  httpPort: number
  /** Of the proxy for Microsoft's own names; null: none. */
  proxyPort: number | null
  /** The address to listen on; null: loopback. */
  host: string | null
  /** Where the certificate is kept; null: nowhere, a new one each time. */
  dataDir: string | null
}
export type Server = {
  world: World
  /** PEM; what programs have to trust. */
  ca: string
  proxyPort: number | null
  /** Back to the estate, the machine's time, no faults, no lag. */
  reset(): void
  snapshots: Snapshots
  close(): Promise<void>
}

/**
 * Opens the emulator's world and serves it: HTTPS for programs, plain HTTP for people, both on loopback.
 * @throws EstateError, or the error of the system for a busy port
 */
export async function openServer({ estate, port, httpPort, proxyPort, host, dataDir }: ServerOptions): Promise<Server> {
  const clock = openClock()
  const keys = openKeys()
  const directory = loadEstate(estate, clock)
  const tls = openTls(dataDir)
  const https = await listen(port, host, tls)
  const http = await listen(httpPort, host, null).catch(async (error) => {
    await https.close()
    throw error
  })
  const proxy =
    proxyPort === null
      ? null
      : await openProxy(proxyPort, https.port, host).catch(async (error) => {
          await Promise.all([https.close(), http.close()])
          throw error
        })
  const world: World = {
    directory,
    clock,
    keys,
    mischief: openMischief(),
    lag: openLag(directory),
    requests: openRequestLog(),
    throttle: openThrottle(clock),
    origins: { https: `https://localhost:${https.port}`, browser: `http://localhost:${http.port}` },
  }
  const state = openEntraState(clock)
  const snapshots = openSnapshots(world, state.clear)
  const reset = () => {
    clock.reset()
    replaceDirectory(directory, loadEstate(estate, clock))
    state.clear()
    world.mischief.clear()
    world.lag.set(NO_LAG)
    world.throttle.set(NO_THROTTLE)
    world.requests.clear()
    keys.forgetSigned()
    snapshots.clear()
  }
  const closing = new AbortController()
  let closed: Promise<unknown> | null = null

  const app = new Hono<ServedEnv>({ strict: false })
  app.use(watch(world, closing.signal))
  app.use(answerPages)
  app.route('/', controlApp(world, { reset, snapshots }))
  app.route('/', azureApp(world))
  app.route('/', graphApp(world))
  app.route('/', entraApp(world, state))
  app.notFound(answerUnknown)
  app.onError(answerDefect)
  const answer = getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false })
  // It listens while its key is still being drawn; who asks that early waits for the rest.
  const listener: RequestListener = (request, response) => void keys.ready.then(() => answer(request, response))
  https.handle(listener)
  http.handle(listener)
  return {
    world,
    ca: tls.ca,
    proxyPort: proxy?.port ?? null,
    reset,
    snapshots,
    async close() {
      closing.abort()
      closed ??= Promise.all([proxy?.close(), https.close(), http.close()])
      await closed
    },
  }
}
