import type { Context } from 'hono'
import { writeGrantScript } from '#flows/grants/write-grant-script.ts'
import { findSignUpFor } from '#flows/sign-up/find-sign-up.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import type { SignUp } from '#model/sign-up.ts'
import { type Door, invitationLink, isFresh } from '#signup/door.ts'
import type { HandOver } from '#signup/views/hand-over.ts'

/** The administrator of this browser and how far the sign-up is; null when none is open or the sign-in has run out. */
export async function openStep(c: Context, door: Door): Promise<{ step: AdministratorStep; signUp: SignUp } | null> {
  const step = await door.cookies.step.read(c)
  if (!step || !isFresh(door, step)) return null
  const signUp = await findSignUpFor(door.tools, step)
  return signUp && { step, signUp }
}

/** What to hand to somebody who may grant, in the administrator's own tenant. */
export const waysOf = (door: Door, { account }: AdministratorStep): HandOver => ({
  link: invitationLink(door, account.tenantId),
  script: writeGrantScript(door.tools, account.tenantId),
})
