import type { Emulator } from '#emulator/index.ts'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import { beginSignUp } from '#flows/sign-up/begin-sign-up.ts'
import { type Callback, completeSignUp } from '#flows/sign-up/complete-sign-up.ts'
import type { AdministratorStep, SignUpTicket } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tools } from '#tools.ts'

type Way = { emulator: Emulator; tools: Tools }
export type Returned = { ticket: SignUpTicket; callback: Callback }

/** An administrator's way to Microsoft and back, up to the callback, which is still to be believed. */
export async function returnFromMicrosoft(
  { emulator, tools }: Way,
  username: string,
  { invitedTenantId = null, accept = true }: { invitedTenantId?: TenantId | null; accept?: boolean } = {},
): Promise<Returned> {
  const { redirectTo, ticket } = await beginSignUp(tools, { invitedTenantId })
  const person = { username, password: DEMO.password }
  const browser = openBrowser(emulator)
  const page = accept
    ? await signInAndAccept(browser, redirectTo, person, { organization: true })
    : await browser.press(await signIn(browser, redirectTo, person), { action: 'cancel' })
  return { ticket, callback: Object.fromEntries(page.url.searchParams) as Callback }
}

/** Somebody who has proven who he is, as the welcome page finds him. */
export const provenAdministrator = async (way: Way, username: string): Promise<AdministratorStep> =>
  completeSignUp(way.tools, await returnFromMicrosoft(way, username))
