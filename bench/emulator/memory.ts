import { readFileSync } from 'node:fs'
import { Agent, request } from 'undici'
import type { Program } from '../claim.ts'
import { startEmulatorProcess } from '../emulator-process.ts'
import { APP, estateOf, SECRET, tenantIdOf } from '../installation.ts'
import { APP_ONLY } from './ask.ts'

const TENANTS = 2_000
const PEOPLE = 500
/** So many of them are read to the last page. */
const READ = 1_000
const AT_A_TIME = 8
const LIMIT_MEGABYTES = 600

/** The most memory that the process of the emulator ever held, whatever for. */
export const emulatorMemory: Program = {
  name: 'emulator.memory',
  claims: [
    {
      name: 'emulator.memory',
      about: `peak memory (RSS) with ${TENANTS} tenants of ${PEOPLE} users, ${READ} of them read, against ${LIMIT_MEGABYTES} MB`,
      wanted: { atMost: 1 },
    },
  ],
  async run(tell) {
    // Node as it comes: no option that saves memory, or allows more.
    await using emulator = await startEmulatorProcess(estateOf(Array.from({ length: TENANTS }, () => PEOPLE)), {
      nodeOptions: [],
    })
    tell(`ready: ${Math.round(megabytes(emulator.pid))} MB`)
    const dispatcher = new Agent({ connect: { ca: readFileSync(emulator.caFile, 'utf8') }, connections: AT_A_TIME })
    const readTenant = async (tenant: number) => {
      const answer = await request(`${emulator.origin}/${tenantIdOf(tenant)}/oauth2/v2.0/token`, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: APP_ONLY(APP, SECRET),
      })
      const { access_token: token } = (await answer.body.json()) as { access_token: string }
      let people = 0
      for (let url: string | undefined = `${emulator.origin}/v1.0/users?$top=100`; url; ) {
        const { body } = await request(url, { dispatcher, headers: { authorization: `Bearer ${token}` } })
        const page = (await body.json()) as { value: unknown[]; '@odata.nextLink'?: string }
        people += page.value.length
        url = page['@odata.nextLink']
      }
      if (people !== PEOPLE) throw new Error(`Tenant ${tenant} has ${people} users.`)
    }
    let next = 1
    const readOn = async () => {
      while (next <= READ) await readTenant(next++)
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, readOn))
    await dispatcher.close()
    const ours = megabytes(emulator.pid)
    tell(`${READ} tenants read: ${Math.round(ours)} MB`)
    return { 'emulator.memory': { ours, other: LIMIT_MEGABYTES, unit: 'MB' } }
  },
}

/** The high-water mark of the resident set. @see proc(5) */
function megabytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  if (kilobytes === undefined) throw new Error('This system does not say how much memory a process has held.')
  return Number(kilobytes) / 1_024
}
