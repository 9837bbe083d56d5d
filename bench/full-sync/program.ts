import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { freshDatabase } from '#test/support/postgres.ts'
import { median, type Program } from '../claim.ts'
import { startEmulatorProcess } from '../emulator-process.ts'
import { estateOf, prepareDatabase, tenantIdOf } from '../installation.ts'

const run = promisify(execFile)
const FEW = 10_000
const MANY = 100_000
/** Of each, the one in the middle counts: one reading or another meets a moment in which the machine is slow. */
const ROUNDS = 7
const STEADY_MEMORY = pathToFileURL(resolve(import.meta.dirname, '../../src/bin/steady-memory.ts')).href

export type Reader = 'ours' | 'bare' | 'sdk-batched' | 'sdk-rows'
export type Reading = { milliseconds: number; megabytes: number }

/** One tenant with 100,000 people, read for the first time into PostgreSQL. */
export const fullSync: Program = {
  name: 'full-sync',
  claims: [
    {
      name: 'full-sync.bare',
      about: 'a full sync against a loop that only fetches and parses the same pages',
      wanted: { atMost: 1.3 },
    },
    {
      name: 'full-sync.sdk-rows',
      about: 'the Graph SDK’s PageIterator with an upsert for each row against a full sync',
      wanted: { atLeast: 3 },
    },
    {
      name: 'full-sync.sdk-batched',
      about: 'the Graph SDK’s PageIterator with batched upserts against a full sync',
      wanted: { atLeast: 1 },
    },
    {
      name: 'full-sync.memory',
      about: `peak memory with ${MANY} people less that with ${FEW}, against a megabyte`,
      wanted: { atMost: 60 },
    },
  ],
  async run(tell) {
    tell(`starting an emulator with ${FEW} and ${MANY} people`)
    await using emulator = await startEmulatorProcess(estateOf([FEW, MANY]))
    const read = async (reader: Reader, tenant: number): Promise<Reading> => {
      const databaseUrl = await freshDatabase()
      await prepareDatabase(databaseUrl)
      const { origin, browserOrigin, caFile } = emulator
      const order = { reader, tenantId: tenantIdOf(tenant), where: { origin, browserOrigin, caFile, databaseUrl } }
      // Ours runs as its program has it; the others as they come.
      const flags = reader === 'ours' ? ['--import', STEADY_MEMORY] : []
      const args = [...flags, join(import.meta.dirname, 'reader.ts'), JSON.stringify(order)]
      const { stdout } = await run(process.execPath, args, {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
      })
      const reading = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Reading
      tell(`${reader}, tenant ${tenant}: ${Math.round(reading.milliseconds)} ms, ${Math.round(reading.megabytes)} MB`)
      return reading
    }
    // Whoever comes first would wait for what the emulator does only once.
    for (const tenant of [1, 2]) await read('bare', tenant)
    const few: Reading[] = []
    const found: Record<Reader, Reading[]> = { ours: [], bare: [], 'sdk-batched': [], 'sdk-rows': [] }
    for (let round = 0; round < ROUNDS; round++) {
      for (const reader of ['bare', 'ours', 'sdk-batched'] as const) found[reader].push(await read(reader, 2))
      few.push(await read('ours', 1))
    }
    found['sdk-rows'].push(await read('sdk-rows', 2))
    const time = (reader: Reader) => median(found[reader].map(({ milliseconds }) => milliseconds))
    const memory = (readings: readonly Reading[]) => median(readings.map(({ megabytes }) => megabytes))
    return {
      'full-sync.bare': { ours: time('ours'), other: time('bare'), unit: 'ms' },
      'full-sync.sdk-rows': { ours: time('sdk-rows'), other: time('ours'), unit: 'ms' },
      'full-sync.sdk-batched': { ours: time('sdk-batched'), other: time('ours'), unit: 'ms' },
      'full-sync.memory': { ours: memory(found.ours) - memory(few), other: 1, unit: 'MB' },
    }
  },
}
