import { Client } from '@microsoft/microsoft-graph-client'
import { openLog } from '#base/log.ts'
import { tasks } from '#daemon/tasks.ts'
import { appToken } from '#entra/app-token.ts'
import { startRunner } from '#jobs/runner.ts'
import type { AppDefinition } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import { openTools } from '#tools.ts'
import { APP_OF_BENCH, configFor, type Where } from '../installation.ts'

/** `ours`: a worker as `tenantry work` runs it. `sdk`: loops around Microsoft’s own client, whose handler tries again. */
export type Order = {
  kind: 'ours' | 'sdk'
  where: Where
  /** Of what Graph allows; the emulator’s limits are scaled in the same way. */
  share: number
  concurrency: number
  tenantIds: readonly TenantId[]
}

/** What is asked for: one resource unit. */
const ASKED = '/users?$select=id&$top=5'
const REQUESTS_OF_A_JOB = 100

const APP: AppDefinition = {
  ...APP_OF_BENCH,
  jobs: [
    {
      name: 'ask',
      schedule: { everyMinutes: 40_000 },
      permissions: ['User.Read.All'],
      async run({ graph }) {
        for (let turn = 0; turn < REQUESTS_OF_A_JOB; turn++) await (graph as Client).api(ASKED).get()
      },
    },
  ],
}

const { kind, where, share, concurrency, tenantIds } = JSON.parse(process.argv[2] ?? '') as Order
const config = configFor(where, { TENANTRY_THROTTLE_SHARE: String(share) }, APP)
const tools = await openTools(config, { log: openLog('warn'), work: kind === 'ours' })
if (kind === 'ours') startRunner(tools.jobs, tasks(tools), { concurrency })
else for (let loop = 0; loop < concurrency; loop++) void askOverAndOver(loop)
console.log('ready')
process.once('SIGTERM', () => process.exit(0))

/** One tenant after the other, as the jobs do it; what the handler could not mend is left. */
async function askOverAndOver(loop: number): Promise<void> {
  for (let turn = loop; ; turn += concurrency) {
    const tenantId = tenantIds[turn % tenantIds.length] as TenantId
    const client = Client.initWithMiddleware({
      baseUrl: `${where.origin}/`,
      customHosts: new Set([new URL(where.origin).hostname]),
      authProvider: { getAccessToken: async () => (await appToken(tools.entra, tenantId)).value },
    })
    for (let request = 0; request < REQUESTS_OF_A_JOB; request++)
      await client
        .api(ASKED)
        .get()
        .catch(() => {})
  }
}
