import { html } from 'hono/html'
import type { Account } from '#model/administrator.ts'
import type { AppDefinition } from '#model/app.ts'
import type { ProgressStep, SignUp } from '#model/sign-up.ts'
import { action } from '#pages/components/button.ts'
import { diagnosisCard } from '#pages/components/diagnosis-card.ts'
import { notice } from '#pages/components/notice.ts'
import { progressList } from '#pages/components/progress-list.ts'
import { steps } from '#pages/components/steps.ts'
import type { Html } from '#pages/html.ts'
import type { Page } from '#pages/layout.ts'
import type { CheckResult } from '#signup/cookies.ts'
import { byHand, forVisitors, ownerForVisitors, problemTitle, toneForVisitors } from '#signup/problem-words.ts'
import { accountBar, WAY } from '#signup/views/account.ts'
import { forAdministrator } from '#signup/views/for-administrator.ts'
import { checked, type HandOver, handOver } from '#signup/views/hand-over.ts'
import { signInAgain } from '#signup/views/sign-in-again.ts'

/**
 * `slow`: this process is at it, but Microsoft takes longer than it usually does. `stopped`: it is marked as under way, but
 * has not moved for a while; the process that did it may be gone.
 */
export type Course = 'running' | 'slow' | 'stopped' | 'failed'
export type ProgressParts = {
  signUp: SignUp
  account: Account
  course: Course
  ways: HandOver
  check: CheckResult | null
}

const RELOAD_SECONDS = 3

/** The page that is watched while permissions are added; without script it reloads itself. */
export const progressView = (app: AppDefinition, parts: ProgressParts): Page => ({
  title: titleOf(parts),
  account: accountBar(parts.account),
  ...(parts.course === 'failed' ? {} : { refreshSeconds: RELOAD_SECONDS }),
  body:
    parts.course === 'failed'
      ? html`<div class="stack roomy">${progressBody(app, parts)}</div>`
      : html`<div class="stack roomy" data-live="/sign-up/events" aria-live="polite">${progressBody(app, parts)}</div>`,
})

/** What changes while one watches. */
export const progressBody = (app: AppDefinition, parts: ProgressParts): Html => html`
  ${steps(WAY, 2)}
  <div class="stack">
    <h1>${titleOf(parts)}</h1>
    ${leadOf(parts)}
  </div>
  ${parts.check && checked(parts.check)}
  ${parts.course === 'failed' ? failure(app, parts) : underWay(parts)}`

const titleOf = ({ course, signUp }: ProgressParts): string => {
  if (course !== 'failed') return 'Connecting your organisation'
  return signUp.diagnosis ? problemTitle(signUp.diagnosis) : 'Not connected yet'
}

const LEADS: Partial<Record<Course, string>> = {
  running:
    'This usually takes less than a minute. Microsoft needs a moment to pass new entries on; we wait for it. You may close this page and come back.',
  slow: 'This takes longer than usual: Microsoft has not yet passed everything on, or does not answer. We go on asking, and say here what comes of it. You may close this page and come back.',
}

const leadOf = ({ course }: ProgressParts): Html | '' | undefined =>
  LEADS[course] && html`<p class="lead">${LEADS[course]}</p>`

const STARTING: readonly ProgressStep[] = [{ text: 'Start', state: 'running' }]

const underWay = ({ signUp, course }: ProgressParts): Html => {
  const lines = signUp.progress.length > 0 ? signUp.progress : STARTING
  return html`
  ${course === 'stopped' && stopped}
  <section class="card" aria-label="Progress">${progressList(course === 'stopped' ? lines.map(atRest) : lines)}</section>`
}

/** Nobody is at it, so nothing turns. */
const atRest = (line: ProgressStep): ProgressStep => (line.state === 'running' ? { ...line, state: 'waiting' } : line)

const stopped: Html = html`
  ${notice('warning', 'This has not moved for a while', 'It may have been interrupted. Going on is safe: what has been done is recognised, nothing is done twice.')}
  <div>${action('/sign-up/grant', 'Go on', { look: 'primary' })}</div>`

const failure = (app: AppDefinition, { signUp, account, ways }: ProgressParts): Html => {
  const { diagnosis } = signUp
  const shown = diagnosis && byHand(forVisitors(diagnosis, app), 'try again')
  const handsOver = diagnosis?.code === 'MAY_NOT_GRANT'
  const isNobody = diagnosis?.code === 'NOT_AN_ADMINISTRATOR'
  const hasEnded = diagnosis?.code === 'SIGN_IN_ENDED'
  return html`
    ${shown && diagnosisCard(shown, { owner: ownerForVisitors(shown, app), tone: toneForVisitors(shown) })}
    ${handsOver && html`<div>${signInAgain(account.tenantId)}</div>${handOver(ways)}`}
    ${isNobody && html`${forAdministrator(ways.link)}<div>${signInAgain(signUp.invitedTenantId)}</div>`}
    ${
      !handsOver &&
      !isNobody &&
      html`<div class="row">
      ${hasEnded ? html`${signInAgain(account.tenantId)}${action('/sign-up/check', 'Check again', { icon: 'refresh' })}` : action('/sign-up/grant', 'Try again', { look: 'primary' })}
    </div>`
    }
    ${
      signUp.progress.length > 0 &&
      html`
      <section class="stack" aria-labelledby="far">
        <h2 id="far">How far it came</h2>
        <div class="card">${progressList(signUp.progress)}</div>
      </section>`
    }`
}
