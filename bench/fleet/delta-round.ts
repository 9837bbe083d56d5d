import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Measured, median, type Program } from '../claim.ts'
import { type Fleet, LATENCY_MILLISECONDS, openFleet } from './fleet.ts'

const run = promisify(execFile)
const TENANTS = 2_000
const USERS = 50
const CONCURRENCY = 16
const ROUNDS = 3

/** A round over many small tenants in which nothing has changed: what most of a fleet's rounds are. */
export const deltaRound: Program = {
  name: 'delta-round',
  claims: [
    {
      name: 'delta-round.bare',
      about: `tenants for each second of the worker that has read them before, against a loop of a token and one request; ${TENANTS} tenants, ${CONCURRENCY} at a time`,
      wanted: { atLeast: 0.7 },
    },
    {
      name: 'delta-round.restarted',
      about: 'the same in the first two seconds of a worker, which has code to compile and every token to get',
      wanted: { atLeast: 0.4 },
    },
    {
      name: 'delta-round.latency',
      about: `that again where every answer takes ${LATENCY_MILLISECONDS} ms, as Microsoft’s do at least: here the two cores are not the limit`,
      wanted: { atLeast: 0.7 },
    },
  ],
  async run(tell) {
    tell(`starting an emulator with ${TENANTS} tenants of ${USERS} people, and reading them for the first time`)
    await using fleet = await openFleet({ tenants: TENANTS, users: USERS })
    const workforce = { workers: 1, concurrency: CONCURRENCY }
    const measure = async (
      read: () => Promise<number>,
      { rounds, roundsBefore }: { rounds: number; roundsBefore: number },
    ): Promise<Measured> => {
      const found = { ours: [] as number[], bare: [] as number[] }
      for (let round = 0; round < rounds; round++) {
        found.bare.push(perSecond(await bare(fleet, roundsBefore)))
        found.ours.push(perSecond(await read()))
        tell(`bare ${found.bare.at(-1)?.toFixed(0)}, ours ${found.ours.at(-1)?.toFixed(0)} tenants/s`)
      }
      return { ours: median(found.ours), other: median(found.bare), unit: 'tenants/s' }
    }
    const standing = await (async () => {
      await using workers = await fleet.startWorkers(workforce)
      tell(`first reading: ${perSecond(await workers.read()).toFixed(0)} tenants/s`)
      return await measure(() => workers.read(), { rounds: ROUNDS, roundsBefore: 1 })
    })()
    tell('from now on each round has a worker of its own, which is new')
    const read = () => fleet.read(workforce)
    const restarted = await measure(read, { rounds: ROUNDS, roundsBefore: 0 })
    await fleet.delay()
    tell(`from now on every answer takes ${LATENCY_MILLISECONDS} ms`)
    return {
      'delta-round.bare': standing,
      'delta-round.restarted': restarted,
      'delta-round.latency': await measure(read, { rounds: 1, roundsBefore: 0 }),
    }
  },
}

const perSecond = (milliseconds: number): number => TENANTS / (milliseconds / 1_000)

/** In a process of its own, as the worker is, which has done as many rounds before. @returns milliseconds */
async function bare(fleet: Fleet, roundsBefore: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  try {
    const order = join(folder, 'order.json')
    writeFileSync(
      order,
      JSON.stringify({
        where: fleet.where,
        concurrency: CONCURRENCY,
        asked: await fleet.deltaLinks(),
        rounds: roundsBefore + 1,
      }),
    )
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'bare.ts'), order])
    return (JSON.parse(stdout) as { milliseconds: number }).milliseconds
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
