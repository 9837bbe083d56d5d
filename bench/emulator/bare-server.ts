import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** Sends the same bytes to whoever asks, over HTTPS with the emulator’s own certificate; prints where. */
const [folder = '', file = ''] = process.argv.slice(2)
const page = readFileSync(file)
const headers = { 'content-type': 'application/json', 'content-length': page.length }
const server = createServer(
  { key: readFileSync(join(folder, 'server.key')), cert: readFileSync(join(folder, 'server.pem')) },
  (_, response) => void response.writeHead(200, headers).end(page),
)
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify((server.address() as AddressInfo).port)))
process.once('SIGTERM', () => process.exit(0))
