import type { Context, Handler } from 'hono'
import { isGranting, startGrants } from '#flows/grants/apply-grants.ts'
import { showGrants } from '#flows/grants/review-grants.ts'
import { checkSignUp, type SignUpCheck } from '#flows/sign-up/check-sign-up.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import { diagnose } from '#model/problem.ts'
import type { SignUp } from '#model/sign-up.ts'
import { streamView, type View } from '#pages/live.ts'
import { show, showNotOpen, showProblem } from '#signup/answers.ts'
import type { CheckResult } from '#signup/cookies.ts'
import { type Door, invitationLink, personOf } from '#signup/door.ts'
import { openStep, waysOf } from '#signup/open-step.ts'
import { forVisitors } from '#signup/problem-words.ts'
import { type Course, type ProgressParts, progressBody, progressView } from '#signup/views/progress-view.ts'
import { welcomeView } from '#signup/views/welcome-view.ts'

/** Every step of granting is written down; one that takes so long is no moment any more. */
const SLOW_MILLISECONDS = 60_000
/** Longer than the pause between two looks at Microsoft; afterwards it is said that nothing moves. */
const STILL_MILLISECONDS = 45_000
/** With an embedded database there is no other process that could be at it: what this one does not do, nobody does. */
const STILL_ALONE_MILLISECONDS = 2_000

/** Shows the plan; changes nothing. */
export const welcome =
  (door: Door): Handler =>
  async (c) => {
    const open = await openStep(c, door)
    if (!open) return showNotOpen(c, door)
    const { step, signUp } = open
    if (signUp.state === 'connected') return c.redirect('/sign-up/connected', 303)
    if (signUp.state !== 'signed-in' || isGranting(door.tools, signUp.id)) return c.redirect('/sign-up/progress', 303)
    try {
      const review = await door.tools.telemetry.span(
        'sign-up reviewed',
        () => ({ 'tenantry.sign_up': signUp.id }),
        () => showGrants(door.tools, step),
      )
      const parts = { account: step.account, signUp, review, ways: waysOf(door, step), check: await takeCheck(c, door) }
      return await show(c, door, welcomeView(door.site.app, parts))
    } catch (error) {
      const goOn = diagnose(error).code === 'SIGN_IN_ENDED' ? null : '/sign-up/welcome'
      return showProblem(c, door, error, { ...linkOf(door, step), goOn })
    }
  }

/** The one change. Takes nothing from the form: who, where and what come from the sealed step and our configuration. */
export const grant =
  (door: Door): Handler =>
  async (c) => {
    const open = await openStep(c, door)
    if (!open) return showNotOpen(c, door)
    if (open.signUp.state === 'connected') return c.redirect('/sign-up/connected', 303)
    startGrants(door.tools, open.step)
    return c.redirect('/sign-up/progress', 303)
  }

export const progress =
  (door: Door): Handler =>
  async (c) => {
    const open = await openStep(c, door)
    if (!open) return showNotOpen(c, door)
    const { signUp } = open
    if (signUp.state === 'connected') return c.redirect('/sign-up/connected', 303)
    if (signUp.state === 'signed-in' && !isGranting(door.tools, signUp.id)) return c.redirect('/sign-up/welcome', 303)
    return show(c, door, progressView(door.site.app, partsOf(door, open, await takeCheck(c, door))))
  }

/** The same, live. */
export const events =
  (door: Door): Handler =>
  async (c) => {
    const open = await openStep(c, door)
    if (!open) return c.text('No sign-up is open in this browser.', 400)
    const look = async (): Promise<View | null> => {
      const now = await openStep(c, door)
      if (!now) return null
      if (now.signUp.state === 'connected') return { goTo: '/sign-up/connected' }
      const parts = partsOf(door, now, null)
      // A page of its own, with its own title: the one that is watched is called after what it waits for.
      if (parts.course === 'failed') return { goTo: '/sign-up/progress' }
      return { show: progressBody(door.site.app, parts) }
    }
    return streamView(c, door, { watcher: personOf(open.step.account), look })
  }

export const script =
  (door: Door): Handler =>
  async (c) => {
    const open = await openStep(c, door)
    if (!open) return showNotOpen(c, door)
    return c.text(waysOf(door, open.step).script, 200, {
      'content-disposition': 'attachment; filename="grant-permissions.sh"',
    })
  }

/** Looks whether somebody else has granted in the meantime. */
export const check =
  (door: Door): Handler =>
  async (c) => {
    const open = await openStep(c, door)
    if (!open) return showNotOpen(c, door)
    if (open.signUp.state === 'connected') return c.redirect('/sign-up/connected', 303)
    let result: SignUpCheck
    try {
      result = await checkSignUp(door.tools, open.step)
    } catch (error) {
      return showProblem(c, door, error, linkOf(door, open.step))
    }
    if (result.state === 'connected') return c.redirect('/sign-up/connected', 303)
    const { missing, diagnosis } = result
    await door.cookies.check.write(c, {
      looked: diagnosis === null || diagnosis.owner === 'customer-administrator',
      missing,
      message: diagnosis && forVisitors(diagnosis, door.site.app).message,
    })
    return c.redirect('/sign-up/progress', 303)
  }

function partsOf(
  door: Door,
  { step, signUp }: { step: AdministratorStep; signUp: SignUp },
  checked: CheckResult | null,
): ProgressParts {
  return { signUp, account: step.account, course: courseOf(door, signUp), ways: waysOf(door, step), check: checked }
}

function courseOf({ tools }: Door, { id, state, updatedAt }: SignUp): Course {
  const unmoved = tools.clock.now().getTime() - updatedAt.getTime()
  if (isGranting(tools, id)) return unmoved > SLOW_MILLISECONDS ? 'slow' : 'running'
  if (state === 'failed') return 'failed'
  return unmoved > (tools.config.databaseUrl ? STILL_MILLISECONDS : STILL_ALONE_MILLISECONDS) ? 'stopped' : 'running'
}

/** Starting again keeps the tenant; the link is for whoever may do more. */
const linkOf = (door: Door, { account }: AdministratorStep) => ({
  invitedTenantId: account.tenantId,
  link: invitationLink(door, account.tenantId),
})

/** Shown once. */
async function takeCheck(c: Context, { cookies }: Door): Promise<CheckResult | null> {
  const found = await cookies.check.read(c)
  cookies.check.drop(c)
  return found
}
