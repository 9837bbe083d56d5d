import { readFileSync } from 'node:fs'
import { Agent, request } from 'undici'
import { median, type Program } from '../claim.ts'
import { startEmulatorProcess } from '../emulator-process.ts'
import { APP, estateOf, SECRET, tenantIdOf } from '../installation.ts'
import { APP_ONLY, ask, runProgram, SERVING } from './ask.ts'

const ROUNDS = 3
const CONNECTIONS = 8
const MILLISECONDS = 4_000

/**
 * Tokens over HTTPS against nothing but signatures. Both have one core, the same one; who asks is on another. A signature is
 * the least that a token costs, so the rest is what Node’s TLS and HTTP, the form, the checks and the claims take.
 */
export const emulatorTokens: Program = {
  name: 'emulator.tokens',
  claims: [
    {
      name: 'emulator.tokens',
      about: 'app-only tokens a second over HTTPS, against a bare loop that only signs as many bytes with RS256',
      wanted: { atLeast: 0.6 },
    },
  ],
  async run(tell) {
    await using emulator = await startEmulatorProcess(estateOf([20]), { core: SERVING })
    const order = {
      url: `${emulator.origin}/${tenantIdOf(1)}/oauth2/v2.0/token`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: APP_ONLY(APP, SECRET),
    } as const
    const dispatcher = new Agent({ connect: { ca: readFileSync(emulator.caFile, 'utf8') } })
    const { body } = await request(order.url, { ...order, dispatcher })
    const { access_token: token } = (await body.json()) as { access_token: string }
    await dispatcher.close()
    const signed = token.lastIndexOf('.')
    tell(`tokens of ${signed} signed bytes`)
    const found: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
    for (let round = 0; round < ROUNDS; round++) {
      found.bare.push(await runProgram('bare-signing.ts', [String(signed), String(MILLISECONDS)], SERVING))
      found.ours.push(
        await ask({
          ...order,
          caFile: emulator.caFile,
          connections: CONNECTIONS,
          followsLinks: false,
          warmUpMilliseconds: MILLISECONDS / 2,
          milliseconds: MILLISECONDS,
        }),
      )
      tell(
        `round ${round + 1}: ${Math.round(found.ours.at(-1) ?? 0)} tokens, ${Math.round(found.bare.at(-1) ?? 0)} signatures`,
      )
    }
    return { 'emulator.tokens': { ours: median(found.ours), other: median(found.bare), unit: '/s' } }
  },
}
