import { median, type Program } from '../claim.ts'
import { LATENCY_MILLISECONDS, openFleet } from './fleet.ts'

const TENANTS = 300
const USERS = 20
const CONCURRENCY = 4
const ROUNDS = 3

/** Whether another worker on the same PostgreSQL is worth it, where waiting for Microsoft is what takes the time. */
export const workers: Program = {
  name: 'workers',
  claims: [
    {
      name: 'workers.two',
      about: `tenants for each second of two workers against one; every answer of the emulator takes ${LATENCY_MILLISECONDS} ms, ${CONCURRENCY} at a time in each`,
      wanted: { atLeast: 1.6 },
    },
  ],
  async run(tell) {
    await using fleet = await openFleet({ tenants: TENANTS, users: USERS })
    await fleet.delay()
    const first = await fleet.read({ workers: 2, concurrency: CONCURRENCY })
    tell(`first reading: ${perSecond(first).toFixed(0)} tenants/s`)
    const found = { one: [] as number[], two: [] as number[] }
    for (let round = 0; round < ROUNDS; round++) {
      found.one.push(perSecond(await fleet.read({ workers: 1, concurrency: CONCURRENCY })))
      found.two.push(perSecond(await fleet.read({ workers: 2, concurrency: CONCURRENCY })))
      tell(`one ${found.one.at(-1)?.toFixed(0)}, two ${found.two.at(-1)?.toFixed(0)} tenants/s`)
    }
    return { 'workers.two': { ours: median(found.two), other: median(found.one), unit: 'tenants/s' } }
  },
}

const perSecond = (milliseconds: number): number => TENANTS / (milliseconds / 1_000)
