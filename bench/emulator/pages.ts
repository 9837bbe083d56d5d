import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { median, type Program } from '../claim.ts'
import { firstLine, startEmulatorProcess } from '../emulator-process.ts'
import { APP, estateOf, SECRET, tenantIdOf } from '../installation.ts'
import { pinned } from '../pinned.ts'
import { APP_ONLY, ask, SERVING } from './ask.ts'

const ROUNDS = 3
const CONNECTIONS = 4
const MILLISECONDS = 4_000
/** Ten pages and a bit. */
const PEOPLE = 10_500

/**
 * Pages of 999 people as a client turns them: link after link, round and round, each with its token checked, against a
 * server that has one such page ready and sends it to whoever asks. Both have one core, the same one.
 */
export const emulatorPages: Program = {
  name: 'emulator.pages',
  claims: [
    {
      name: 'emulator.pages',
      about: 'pages of 999 users a second, against a bare HTTPS server that sends the same ready-made bytes',
      wanted: { atLeast: 0.5 },
    },
  ],
  async run(tell) {
    await using emulator = await startEmulatorProcess(estateOf([PEOPLE]), { core: SERVING })
    const { caFile, dataDir, origin } = emulator
    const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } })
    const answer = await request(`${origin}/${tenantIdOf(1)}/oauth2/v2.0/token`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: APP_ONLY(APP, SECRET),
    })
    const { access_token: token } = (await answer.body.json()) as { access_token: string }
    const headers = { authorization: `Bearer ${token}` }
    const url = `${origin}/v1.0/users?$top=999`
    const page = Buffer.from(await (await request(url, { dispatcher, headers })).body.arrayBuffer())
    await dispatcher.close()
    const file = join(dataDir, 'page.json')
    writeFileSync(file, page)
    tell(`pages of ${page.length} bytes`)

    const [command, args] = pinned(SERVING, process.execPath, [
      join(import.meta.dirname, 'bare-server.ts'),
      dataDir,
      file,
    ])
    const bare = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const bareUrl = `https://localhost:${JSON.parse(await firstLine(bare))}/`
    const order = {
      caFile,
      method: 'GET',
      headers,
      connections: CONNECTIONS,
      followsLinks: true,
      warmUpMilliseconds: MILLISECONDS / 4,
      milliseconds: MILLISECONDS,
    } as const
    const found: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
    for (let round = 0; round < ROUNDS; round++) {
      found.bare.push(await ask({ ...order, url: bareUrl, followsLinks: false }))
      found.ours.push(await ask({ ...order, url }))
      tell(
        `round ${round + 1}: ${Math.round(found.ours.at(-1) ?? 0)} pages, bare ${Math.round(found.bare.at(-1) ?? 0)}`,
      )
    }
    bare.kill('SIGTERM')
    await once(bare, 'exit')
    return { 'emulator.pages': { ours: median(found.ours), other: median(found.bare), unit: '/s' } }
  },
}
