import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { jobInWords } from '#console/views/job-words.ts'
import { ago } from '#console/views/moment.ts'
import type { GivenUp } from '#flows/queue/list-given-up.ts'
import type { TenantId } from '#model/ids.ts'
import { action } from '#pages/components/button.ts'
import { table } from '#pages/components/table.ts'
import type { Html } from '#pages/html.ts'

/** What failed on every try, each with a button to try it again. `names` adds whose it is. */
export const deadLetters = (
  letters: readonly GivenUp[],
  { now, retryAt, names }: { now: Date; retryAt: (letter: GivenUp) => string; names?: ReadonlyMap<TenantId, string> },
): Html =>
  table(
    'Jobs that were given up, the latest first',
    [
      { title: 'Job', heading: true, cell: whatOf },
      ...(names ? [{ title: 'Tenant', cell: ({ tenantId }: GivenUp) => tenantOf(tenantId, names) }] : []),
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

const nameOf = ({ name, job }: GivenUp): string => job ?? jobInWords(name)

const whatOf = (letter: GivenUp): Html | string =>
  letter.isGone
    ? html`${nameOf(letter)} <span class="soft small">${letter.tenantId ? 'The configuration has no such job any more' : 'It names no tenant'}: to try it again only takes it off this list.</span>`
    : nameOf(letter)

const aboutOf = (letter: GivenUp, names?: ReadonlyMap<TenantId, string>): string =>
  [nameOf(letter), (letter.tenantId && names?.get(letter.tenantId)) ?? ''].filter((part) => part !== '').join(', ')

function tenantOf(id: TenantId | null, names: ReadonlyMap<TenantId, string>): Html | string {
  if (!id) return '—'
  return html`<a href="/tenants/${id}"><bdi>${names.get(id) ?? id}</bdi></a>`
}
