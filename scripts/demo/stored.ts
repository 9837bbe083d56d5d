import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { environment, programs, root } from './places.ts'

const run = promisify(execFile)
const POLL_MILLISECONDS = 250
const PATIENCE_MILLISECONDS = 60_000

export type Story = {
  tenant: { state: string }
  counts: { user: number; group: number }
  runs: { state: string; pages: number; users: number; groups: number; startedAt: string; finishedAt: string | null }[]
}

/** What Tenantry itself says of a tenant, asked of the running process as an operator would: on the command line. */
export async function askTenantry(tenantId: string): Promise<Story> {
  const args = [programs.tenantry, 'tenants', 'show', '--tenant', tenantId, '--json']
  const { stdout } = await run(process.execPath, args, { cwd: root, env: environment })
  return JSON.parse(stdout) as Story
}

/** Waits until the tenant's first run has ended. @throws Error when it failed */
export async function firstRun(tenantId: string): Promise<Story> {
  const patience = Date.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const story = await askTenantry(tenantId)
    const [first] = story.runs
    if (first?.finishedAt) {
      if (first.state !== 'succeeded') throw new Error(`The first run of the daemon ended as ${first.state}.`)
      return story
    }
    if (Date.now() > patience) throw new Error('The daemon did not finish its first run.')
    await pause(POLL_MILLISECONDS)
  }
}
