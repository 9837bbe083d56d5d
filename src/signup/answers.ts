import type { Context } from 'hono'
import { type Diagnosis, diagnose, Problem } from '#model/problem.ts'
import type { Refusal } from '#pages/guard.ts'
import { layout, type Page } from '#pages/layout.ts'
import { tooOften } from '#pages/too-often.ts'
import type { Door } from '#signup/door.ts'
import { problemStatus } from '#signup/problem-words.ts'
import { plainView } from '#signup/views/plain-view.ts'
import { type ProblemParts, problemView } from '#signup/views/problem-view.ts'

type Status = 200 | 400 | 403 | 404 | 405 | 409 | 410 | 413 | 421 | 429 | 500 | 502 | 503

const RETRY_AFTER_SECONDS = 60

/** A page of this site. */
export const show = (c: Context, { site }: Door, page: Page, status: Status = 200): Response | Promise<Response> =>
  c.html(layout(site, page), status)

/** A page about what went wrong, with the status that fits. What nobody expected is logged, unless the visitor has hung up. */
export function showProblem(
  c: Context,
  door: Door,
  thrown: unknown,
  parts?: ProblemParts,
): Response | Promise<Response> {
  const gone = c.req.raw.signal.aborted
  if (!(thrown instanceof Problem) && !gone) door.tools.log.error({ err: thrown, path: c.req.path }, 'a page failed')
  const diagnosis = diagnose(thrown)
  const status = problemStatus(diagnosis)
  if (status === 503) c.header('retry-after', String(diagnosis.retryAfterSeconds ?? RETRY_AFTER_SECONDS))
  return show(c, door, problemView(door.site.app, diagnosis, parts), status)
}

/** For pages that belong to a sign-up, opened where none is open. An invitation outlives the step. */
export async function showNotOpen(c: Context, door: Door): Promise<Response> {
  const diagnosis: Diagnosis = {
    code: 'SIGN_UP_UNKNOWN',
    owner: 'customer-administrator',
    message: 'No sign-up is open in this browser, or it has been open for too long.',
    nextStep: 'Start again. What has been granted already is recognised.',
    retry: 'never',
    confidence: 'certain',
  }
  const ticket = await door.cookies.ticket.read(c)
  return showProblem(c, door, new Problem(diagnosis), { invitedTenantId: ticket?.invitedTenantId ?? null })
}

const REFUSALS: Record<Refusal, [status: Status, title: string, text: string]> = {
  'foreign-host': [421, 'This is not the right address', 'This site answers only under its own name.'],
  'cross-site': [
    403,
    'This was not sent from our page',
    'Another site sent this form, or your browser hid where it came from. Nothing was done.',
  ],
  'too-large': [413, 'That was too much', 'More was sent than any form of ours holds. Nothing was done.'],
}

/** No, in words. */
export const showRefusal = (c: Context, door: Door, refusal: Refusal): Response | Promise<Response> => {
  const [status, title, text] = REFUSALS[refusal]
  return show(c, door, plainView(title, text), status)
}

export const showTooOften = (c: Context, door: Door): Response | Promise<Response> =>
  show(c, door, plainView(...tooOften(c.req.method, 'Nothing was done, and nothing is lost')), 429)

export const showNowhere = async (c: Context, door: Door): Promise<Response> =>
  show(c, door, plainView('There is no such page', 'The address may be mistyped.', await openSignUp(c, door)), 404)

/** Who opens the address of a button, such as a bookmark made while something was under way, has done nothing by it. */
export async function showNotThatWay(c: Context, door: Door, methods: readonly string[]): Promise<Response> {
  c.header('allow', methods.join(', '))
  const text = 'Nothing was done: this address cannot be opened by itself. A button of our pages leads to it.'
  return show(c, door, plainView('That is not possible here', text, await openSignUp(c, door)), 405)
}

/** Where the sign-up of this browser goes on, if one is open. */
const openSignUp = async (c: Context, { cookies }: Door) => ({
  goOn: (await cookies.step.read(c)) ? '/sign-up/welcome' : null,
})
