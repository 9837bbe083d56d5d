import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { deadLetters } from '#console/views/dead-letters.ts'
import { jobInWords } from '#console/views/job-words.ts'
import { ago, turn } from '#console/views/moment.ts'
import { runBadge } from '#console/views/run-badge.ts'
import type { TenantJob, TenantJobs } from '#flows/queue/list-tenant-jobs.ts'
import type { TenantId } from '#model/ids.ts'
import { table } from '#pages/components/table.ts'
import type { Html } from '#pages/html.ts'

/** What is done in this tenant by itself: when, how it last went, and what was given up. */
export const tenantJobs = (tenantId: TenantId, { jobs, deadLetters: letters }: TenantJobs, now: Date): Html => html`
  <section class="card stack" aria-labelledby="jobs">
    <h2 id="jobs">Jobs</h2>
    ${table(
      'Jobs in this tenant',
      [
        { title: 'Job', heading: true, cell: ({ name }: TenantJob) => jobInWords(name) },
        { title: 'When', cell: ({ schedule }) => schedule },
        { title: 'Next turn', cell: ({ nextDueAt }) => (nextDueAt ? turn(nextDueAt, now) : '—') },
        { title: 'Last run', cell: ({ lastRun }) => lastRunOf(lastRun, now) },
      ],
      jobs,
    )}
    ${letters.length > 0 && html`<h3>Given up</h3>${deadLetters(letters, { now, retryAt: ({ id }) => `/tenants/${tenantId}/jobs/${id}/retry` })}`}
  </section>`

const lastRunOf = (run: TenantJob['lastRun'], now: Date): Html | string =>
  run
    ? html`<span class="state-cell">${runBadge(run.state)} <span class="soft small">${ago(run.startedAt, now)}</span>${run.diagnosis && html` <span class="soft small">${codeInWords(run.diagnosis.code)}</span>`}${run.progress && html` <span class="soft small">${run.progress}</span>`}</span>`
    : 'None yet'
