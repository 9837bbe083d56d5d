import '#bin/steady-memory.ts'
import { once } from 'node:events'
import { openLog } from '#base/log.ts'
import { tasks } from '#daemon/tasks.ts'
import { startRunner } from '#jobs/runner.ts'
import { openTools } from '#tools.ts'
import { configFor, type Where } from '../installation.ts'

/** What `tenantry work` does, as a process of its own: works until it is told to stop. */
const { where, concurrency } = JSON.parse(process.argv[2] ?? '') as { where: Where; concurrency: number }
await using tools = await openTools(configFor(where), { log: openLog('error'), work: true })
const runner = startRunner(tools.jobs, tasks(tools), { concurrency })
console.log('ready')
await once(process, 'SIGTERM')
await runner.stop()
