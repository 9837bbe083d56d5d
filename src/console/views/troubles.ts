import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { counted } from '#console/views/figure.ts'
import { ago } from '#console/views/moment.ts'
import { OWNERS } from '#console/views/owner.ts'
import type { Owner } from '#model/problem.ts'
import { emptyState } from '#pages/components/empty-state.ts'
import { icon } from '#pages/components/icon.ts'
import { prose } from '#pages/components/prose.ts'
import type { Html } from '#pages/html.ts'
import type { Trouble } from '#store/troubles.ts'

/** Those who have to do something, and those for whom one waits. */
const ACTING: readonly Owner[] = ['operator', 'customer-administrator']
const WAITING: readonly Owner[] = ['microsoft', 'nobody']

type Around = {
  now: Date
  /** So many are open, and stand above. */
  incidents: number
  /** What stands still although no tenant is in trouble; it comes first. */
  ours: readonly Html[]
}

/** What needs a human now: by who can mend it, each kind of trouble once, however many tenants share it. */
export function troublesSection(troubles: readonly Trouble[], { now, incidents, ours }: Around): Html {
  const of = (owners: readonly Owner[]) => owners.filter((owner) => troubles.some((trouble) => trouble.owner === owner))
  const groups = (owners: readonly Owner[]) => of(owners).map((owner) => troubleGroup(owner, troubles, now))
  const waiting = troubles.filter(({ owner }) => WAITING.includes(owner))
  return html`
    <section class="stack" aria-labelledby="needs">
      <h2 id="needs">Needs somebody now</h2>
      ${ours}
      ${of(ACTING).length > 0 ? groups(ACTING) : emptyState(incidents + ours.length > 0 ? 'Nothing else needs you' : 'Nothing needs you', 'No tenant has a trouble that somebody could mend.', 'check')}
      ${
        waiting.length > 0 &&
        html`<details class="fold">
          <summary>${counted(waiting.length, 'trouble')} that only waiting mends, in ${counted(tenantsIn(waiting), 'tenant')}</summary>
          <div class="stack">${groups(WAITING)}</div>
        </details>`
      }
    </section>`
}

/** Each tenant is in one trouble at most. */
const tenantsIn = (troubles: readonly Trouble[]): number => troubles.reduce((sum, { tenants }) => sum + tenants, 0)

const troubleGroup = (owner: Owner, troubles: readonly Trouble[], now: Date): Html => html`
  <div class="trouble-group owner-${owner}">
    <h3>${icon(OWNERS[owner].icon)}${OWNERS[owner].heading}</h3>
    <ul>${troubles.filter((trouble) => trouble.owner === owner).map((trouble) => troubleItem(trouble, now))}</ul>
  </div>`

const troubleItem = ({ code, owner, tenants, example, exampleTenant, since }: Trouble, now: Date): Html => html`
  <li>
    <div class="trouble-words">
      <p class="trouble-title">${codeInWords(code)}</p>
      <p>${tenants === 1 ? example.message : html`<span class="soft">For example <bdi>${exampleTenant.displayName}</bdi>:</span> ${example.message}`}</p>
      <p class="trouble-next">${icon('arrow')}<span>${prose(example.nextStep)}</span></p>
    </div>
    <p class="trouble-who">
      ${
        tenants === 1
          ? html`<a href="/tenants/${exampleTenant.id}"><bdi>${exampleTenant.displayName}</bdi></a>`
          : html`<a href="/tenants?code=${code}&amp;owner=${owner}">${counted(tenants, 'tenant')}</a>`
      }
      <span class="soft small">began ${ago(since, now)}</span>
    </p>
  </li>`
