import type { Context, Handler } from 'hono'
import { type Arrivals, arrivals } from '#flows/sign-up/arrivals.ts'
import { findSignUpFor } from '#flows/sign-up/find-sign-up.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { streamView } from '#pages/live.ts'
import { show, showNotOpen } from '#signup/answers.ts'
import type { Watcher } from '#signup/cookies.ts'
import { type Door, personOf } from '#signup/door.ts'
import { arrivalsBody, connectedView, isSettled } from '#signup/views/connected-view.ts'
import { plainView } from '#signup/views/plain-view.ts'

/** The end of the way: the administrator's token is dropped here. */
export const connected =
  (door: Door): Handler =>
  async (c) => {
    const watcher = await becomeWatcher(c, door)
    if (watcher === 'not-connected') return c.redirect('/sign-up/progress', 303)
    if (!watcher) return showNotOpen(c, door)
    const found = await stillArriving(door, watcher)
    if (!found) return show(c, door, noLonger, 409)
    const { app } = door.site
    const { cloud, clientId } = door.tools.config
    return show(c, door, connectedView(app, { arrivals: found, watcher, cloud, clientId }))
  }

/** The first users, live. */
export const arriving =
  (door: Door): Handler =>
  async (c) => {
    const watcher = await door.cookies.watcher.read(c)
    if (!watcher) return c.text('No sign-up is open in this browser.', 400)
    const look = async () => {
      const found = await stillArriving(door, watcher)
      if (!found) return { goTo: '/sign-up/connected' }
      return { show: arrivalsBody(door.site.app, found), done: isSettled(found) }
    }
    return streamView(c, door, { watcher: personOf(watcher.account), look })
  }

/** Null once the tenant is paused or gone: then nobody is shown anything of it any more. */
async function stillArriving({ tools }: Door, { account }: Watcher): Promise<Arrivals | null> {
  const found = await arrivals(tools, account.tenantId)
  return found && WORKING_STATES.includes(found.tenant.state) ? found : null
}

/** Exchanges the step, which holds a token, for the right to watch, which holds none. */
async function becomeWatcher(c: Context, { tools, cookies }: Door): Promise<Watcher | 'not-connected' | null> {
  const step = await cookies.step.read(c)
  if (!step) return cookies.watcher.read(c)
  const signUp = await findSignUpFor(tools, step)
  if (signUp?.state !== 'connected') return signUp && 'not-connected'
  const { tenantId, objectId, name, username } = step.account
  const watcher = { signUpId: step.signUpId, account: { tenantId, objectId, name, username } }
  cookies.step.drop(c)
  await cookies.watcher.write(c, watcher)
  return watcher
}

const noLonger = plainView(
  'This organisation is not connected any longer',
  'It has been disconnected or paused since. An administrator can sign it up again at any time.',
)
