import type { Client } from '@microsoft/microsoft-graph-client'
import { type AppDefinition, defineApp } from '#model/app.ts'
import type { JobRun } from '#model/job.ts'
import { APP_OF_TESTS } from '#test/support/fleet.ts'

/** What a job is given, with Microsoft's own client in it. */
export type Run = JobRun<Client>

/** The tests' app with one job, `the-job`, which does what it is told when it is begun. */
export const appWithJob = (
  run: (run: Run) => Promise<void>,
  options: Readonly<{ timeoutMinutes?: number }> = {},
): AppDefinition =>
  defineApp({
    ...APP_OF_TESTS,
    jobs: [
      {
        name: 'the-job',
        schedule: { everyMinutes: 60 },
        permissions: ['User.Read.All'],
        ...options,
        run: (given) => run(given as Run),
      },
    ],
  })
