import { html, raw } from 'hono/html'
import type { AppDefinition } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import type { Diagnosis, ProblemCode } from '#model/problem.ts'
import { action, buttonLink } from '#pages/components/button.ts'
import { diagnosisCard } from '#pages/components/diagnosis-card.ts'
import type { Page } from '#pages/layout.ts'
import { byHand, forVisitors, ownerForVisitors, problemTitle, toneForVisitors } from '#signup/problem-words.ts'
import { forAdministrator } from '#signup/views/for-administrator.ts'

export type ProblemParts = {
  /** Keeps the invitation when starting again. */
  invitedTenantId?: TenantId | null
  /** Where a sign-up that is already open in this browser goes on. */
  goOn?: string | null
  /** To send to somebody who may do what this person may not. */
  link?: string | null
  /** The address holds what Microsoft sent along; with script it leaves the address bar. */
  forgetAddress?: boolean
}

const TAKES_AN_ADMINISTRATOR: readonly ProblemCode[] = ['ADMIN_APPROVAL_NEEDED', 'NOT_AN_ADMINISTRATOR']

/** One problem, one page: what happened, who can mend it, and how to go on. */
export function problemView(app: AppDefinition, diagnosis: Diagnosis, parts: ProblemParts = {}): Page {
  const title = problemTitle(diagnosis)
  // Nothing helps whoever is no administrator but another sign-in: his own, or somebody else's.
  const isNobody = diagnosis.code === 'NOT_AN_ADMINISTRATOR'
  const goOn = isNobody ? null : parts.goOn
  const shown = byHand(forVisitors(diagnosis, app), goOn ? 'go on' : 'start again')
  return {
    title,
    body: html`
      <div class="stack roomy" ${parts.forgetAddress ? raw('data-forget-address') : ''}>
        <h1>${title}</h1>
        ${diagnosisCard(shown, { owner: ownerForVisitors(shown, app), tone: toneForVisitors(shown) })}
        ${TAKES_AN_ADMINISTRATOR.includes(diagnosis.code) && parts.link && forAdministrator(parts.link)}
        <div class="row">
          ${goOn && buttonLink('Go on with your sign-up', goOn, { look: 'primary' })}
          ${action('/sign-up', isNobody ? 'Sign in again' : 'Start again', {
            look: goOn ? 'secondary' : 'primary',
            fields: parts.invitedTenantId ? { tenant: parts.invitedTenantId } : {},
          })}
        </div>
      </div>`,
  }
}
