import { html } from 'hono/html'
import type { ConsolePage } from '#console/answers.ts'
import { deadLetters } from '#console/views/dead-letters.ts'
import { figure } from '#console/views/figure.ts'
import { jobInWords } from '#console/views/job-words.ts'
import { turn } from '#console/views/moment.ts'
import type { GivenUp } from '#flows/queue/list-given-up.ts'
import type { ListedJob } from '#flows/queue/list-jobs.ts'
import type { TenantId } from '#model/ids.ts'
import { emptyState } from '#pages/components/empty-state.ts'
import { table } from '#pages/components/table.ts'

export type JobsParts = {
  jobs: readonly ListedJob[]
  letters: readonly GivenUp[]
  /** How many there are in all. */
  givenUp: number
  names: ReadonlyMap<TenantId, string>
  now: Date
}

/** What is done in every tenant by itself, and what was given up. */
export const jobsView = ({ jobs, letters, givenUp, names, now }: JobsParts): ConsolePage => ({
  section: 'jobs',
  title: 'Jobs',
  body: html`
    <div class="stack roomy">
      <div class="stack tight"><h1>Jobs</h1><p class="soft">What is done in every tenant by itself. A tenant’s page shows how its own go.</p></div>
      ${table(
        'Jobs',
        [
          { title: 'Job', heading: true, cell: ({ name }: ListedJob) => jobInWords(name) },
          { title: 'When', cell: ({ schedule }) => schedule },
          { title: 'Tenants', figures: true, cell: ({ planned }) => (planned ? figure(planned.tenants) : 'All') },
          { title: 'Next turn', cell: ({ planned }) => (planned?.nextDueAt ? turn(planned.nextDueAt, now) : '—') },
          { title: 'Permissions', cell: ({ permissions }) => permissions.join(', ') || '—' },
        ],
        jobs,
      )}
      <section class="stack" aria-labelledby="dead">
        <div class="stack tight">
          <h2 id="dead">Given up</h2>
          ${letters.length > 0 && html`<p class="soft">${letters.length < givenUp && html`The latest ${figure(letters.length)} of ${figure(givenUp)}. `}Each goes by itself once the same work has succeeded at a later turn.</p>`}
        </div>
        ${letters.length === 0 ? emptyState('Nothing was given up', 'A job that fails on every try lies here until somebody tries it again.', 'check') : deadLetters(letters, { now, names, retryAt: ({ id }) => `/jobs/${id}/retry` })}
      </section>
    </div>`,
})
