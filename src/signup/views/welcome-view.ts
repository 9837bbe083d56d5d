import { html } from 'hono/html'
import type { GrantReview, ShownReview } from '#flows/grants/review-grants.ts'
import type { Account } from '#model/administrator.ts'
import type { AppDefinition } from '#model/app.ts'
import type { SignUp } from '#model/sign-up.ts'
import { breakable } from '#pages/components/breakable.ts'
import { action } from '#pages/components/button.ts'
import { facts } from '#pages/components/facts.ts'
import { notice } from '#pages/components/notice.ts'
import { permissionList } from '#pages/components/permission-list.ts'
import { steps } from '#pages/components/steps.ts'
import type { Html } from '#pages/html.ts'
import type { Page } from '#pages/layout.ts'
import type { CheckResult } from '#signup/cookies.ts'
import { accountBar, WAY } from '#signup/views/account.ts'
import { forAdministrator } from '#signup/views/for-administrator.ts'
import { checked, type HandOver, handOver } from '#signup/views/hand-over.ts'
import { signInAgain } from '#signup/views/sign-in-again.ts'

/** Which tenant, which account, and what would be changed: the last page before anything is. */
export const welcomeView = (
  app: AppDefinition,
  {
    account,
    signUp,
    review,
    ways,
    check,
  }: { account: Account; signUp: SignUp; review: ShownReview; ways: HandOver; check: CheckResult | null },
): Page => ({
  title: titleOf(review),
  account: accountBar(account),
  body: html`
    <div class="stack roomy">
      ${!isConnected(review) && steps(WAY, 1)}
      <div class="stack">
        <h1>${headingOf(review)}</h1>
        <p class="lead">${leadOf(app, review)}</p>
      </div>
      ${check && checked(check)}
      <section class="card" aria-label="Your tenant and your account">
        ${facts([
          ['Organisation', html`<bdi>${review.tenant.displayName}</bdi>`],
          ['Default domain', review.tenant.defaultDomain ? breakable(review.tenant.defaultDomain) : 'not set'],
          ['Tenant ID', html`<code>${account.tenantId}</code>`],
          [
            'Signed in as',
            html`<bdi>${account.name}</bdi> <span class="soft">(<bdi>${breakable(account.username)}</bdi>)</span>`,
          ],
        ])}
      </section>
      <section class="stack" aria-labelledby="plan">
        <h2 id="plan">What ${app.name} may do ${isConnected(review) ? 'now' : 'afterwards'}</h2>
        <div class="card">${permissionList(review.plan?.grants ?? app.permissions)}</div>
        ${!review.plan && notYet(app)}
      </section>
      ${isConnected(review) ? nothingToDo : review.mayConnect ? goingOn(review, ways) : noAdministrator(signUp, ways)}
    </div>`,
})

/** Whoever comes back to look after weeks is not asked to connect what is connected. */
const isConnected = ({ connectedAt, plan }: ShownReview): boolean => connectedAt !== null && plan?.complete === true

const titleOf = (review: ShownReview): string =>
  isConnected(review) ? `${review.tenant.displayName} is connected already` : `Review for ${review.tenant.displayName}`

const headingOf = (review: ShownReview): Html =>
  isConnected(review)
    ? html`<bdi>${review.tenant.displayName}</bdi> is connected already`
    : html`Connect <bdi>${review.tenant.displayName}</bdi>?`

const nothingToDo: Html = html`
  <div class="row">
    ${action('/sign-up/grant', 'Check the connection', { look: 'primary' })}
    ${action('/sign-up/sign-out', 'Sign out')}
  </div>`

const goingOn = ({ tenant, plan, mayGrant }: GrantReview, ways: HandOver): Html => {
  const handsOver = mayGrant === false && !plan?.complete
  return html`
    ${handsOver && mayNotGrant}
    <div class="row">
      ${action('/sign-up/grant', plan?.complete ? 'Connect' : 'Grant and connect', { look: 'primary' })}
      ${handsOver && signInAgain(tenant.id)}
      ${action('/sign-up/sign-out', 'Cancel')}
    </div>
    ${handsOver && handOver(ways)}`
}

const noAdministrator = ({ invitedTenantId }: SignUp, { link }: HandOver): Html => html`
  ${notice(
    'warning',
    'Only an administrator can connect your organisation',
    html`Your account holds no administrator’s directory role here, so nothing can be finished with it. If yours has to be
      activated first, activate it, then sign in again.`,
  )}
  ${forAdministrator(link)}
  <div class="row">
    ${signInAgain(invitedTenantId)}
    ${action('/sign-up/sign-out', 'Cancel')}
  </div>`

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

function leadOf(app: AppDefinition, review: ShownReview): string {
  const { plan, mayConnect, connectedAt } = review
  if (connectedAt && isConnected(review))
    return `Every permission is there, and the connection was confirmed on ${day.format(connectedAt)}. You need not connect it again. A check shows whether it works, and what has been read.`
  if (!mayConnect) return 'Nothing has been connected. Another person has to take this step.'
  const asked = app.permissions.length
  const added = plan?.grants.filter((grant) => grant.status === 'to-grant').length ?? asked
  if (added === 0) return `Every permission is there already. ${app.name} checks that it can work, and is connected.`
  const these = added === 1 ? 'one permission is' : `${added} permissions are`
  if (added < asked)
    return `Some permissions are there already. When you grant, ${these} added to ${app.name} in this tenant.`
  return `When you accepted, Microsoft added ${app.name} to your enterprise applications. It can do nothing by itself yet: when you grant, ${these} added to it.`
}

const notYet = (app: AppDefinition): Html =>
  notice(
    'info',
    'Microsoft is still setting up the new entry',
    `${app.name} has just been added to your enterprise applications, and it takes Microsoft a moment to show it everywhere. You need not wait: granting waits for it.`,
  )

const mayNotGrant: Html = notice(
  'warning',
  'Your directory role probably does not allow this',
  html`Granting these permissions takes a Global Administrator or a Privileged Role Administrator, and we do not see either role
    on your account. If yours has to be activated first, activate it, then sign in again. You may also try as you are: if
    Microsoft refuses, nothing is granted. Or hand this step over, as shown below.`,
)
