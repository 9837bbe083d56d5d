import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoEstate } from '#emulator/estate/demo.ts'
import type { EstateInput } from '#emulator/estate/schema.ts'
import { openServer } from '#emulator/server/open.ts'

export type StartOptions = {
  /** The estate itself or the path of its JSON file; the demo estate unless told. */
  estate?: EstateInput | string
  /** Of HTTPS; any free one unless told. */
  port?: number
  /** Of the browser-facing twin over plain HTTP; any free one unless told. */
  httpPort?: number
  /** Where the certificate authority is kept, so that clients need to trust it once; nowhere unless told. */
  dataDir?: string
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
  reset(): void
  close(): Promise<void>
}

/**
 * Starts Entra ID and Microsoft Graph, small and on this machine only.
 * @throws EstateError with every mistake of the estate; the error of the system for a busy port
 */
export async function startEmulator(options: StartOptions = {}): Promise<Emulator> {
  const { estate = demoEstate, port = 0, httpPort = 0, dataDir = null } = options
  const server = await openServer({
    estate: typeof estate === 'string' ? JSON.parse(await readFile(estate, 'utf8')) : estate,
    port,
    httpPort,
    dataDir,
  })
  const { world } = server
  return {
    origin: world.origins.https,
    browserOrigin: world.origins.browser,
    ca: server.ca,
    caFile: dataDir === null ? null : join(dataDir, 'ca.pem'),
    reset: server.reset,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}
