import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { jobInWords } from '#console/views/job-words.ts'
import { ago } from '#console/views/moment.ts'
import type { DeadLetter } from '#jobs/dead-letters.ts'
import type { TenantId } from '#model/ids.ts'
import { action } from '#pages/components/button.ts'
import { table } from '#pages/components/table.ts'
import type { Html } from '#pages/html.ts'

/** What failed on every try, each with a button to try it again. `names` adds whose it is. */
export const deadLetters = (
  letters: readonly DeadLetter[],
  {
    now,
    retryAt,
    names,
  }: { now: Date; retryAt: (letter: DeadLetter) => string; names?: ReadonlyMap<TenantId, string> },
): Html =>
  table(
    'Jobs that were given up, the latest first',
    [
      { title: 'Job', heading: true, cell: nameOf },
      ...(names ? [{ title: 'Tenant', cell: ({ tenantId }: DeadLetter) => tenantOf(tenantId, names) }] : []),
      { title: 'Given up', cell: ({ diedAt }) => ago(diedAt, now) },
      { title: 'Why', cell: ({ code }) => (code ? codeInWords(code) : 'Not known') },
      {
        title: html`<span class="unseen">What to do</span>`,
        label: 'What to do',
        cell: (letter) => action(retryAt(letter), 'Try again', { icon: 'refresh', about: aboutOf(letter, names) }),
      },
    ],
    letters,
  )

const nameOf = ({ name, job }: DeadLetter): string => job ?? jobInWords(name)

const aboutOf = (letter: DeadLetter, names?: ReadonlyMap<TenantId, string>): string =>
  [nameOf(letter), (letter.tenantId && names?.get(letter.tenantId)) ?? ''].filter((part) => part !== '').join(', ')

function tenantOf(id: TenantId | null, names: ReadonlyMap<TenantId, string>): Html | string {
  if (!id) return '—'
  return html`<a href="/tenants/${id}"><bdi>${names.get(id) ?? id}</bdi></a>`
}
