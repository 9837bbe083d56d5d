import { CLIENTS } from '#emulator/entra/aadsts/clients.ts'
import { GRANTS } from '#emulator/entra/aadsts/grants.ts'
import { PEOPLE } from '#emulator/entra/aadsts/people.ts'
import { REQUESTS } from '#emulator/entra/aadsts/requests.ts'

/**
 * Every code that the emulator refuses with, and what the refusal looks like on the wire: status, `error`, text. A code
 * that nobody has provoked is no claim: a test wants a witness for each (`emulator/test/entra/aadsts.test.ts`).
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export const AADSTS = { ...CLIENTS, ...REQUESTS, ...GRANTS, ...PEOPLE } as const

export type AadstsCode = keyof typeof AADSTS
export const AADSTS_CODES: readonly AadstsCode[] = Object.keys(AADSTS).map((code) => Number(code) as AadstsCode)
export const isAadstsCode = (code: number): code is AadstsCode => Object.hasOwn(AADSTS, code)

/** What MSAL asks a user for by. @see https://learn.microsoft.com/entra/msal/dotnet/advanced/exceptions */
export const SUBERRORS: Partial<Record<AadstsCode, string>> = {
  50055: 'user_password_expired',
  50076: 'basic_action',
  50079: 'basic_action',
  50173: 'bad_token',
  53000: 'message_only',
  53003: 'message_only',
  65001: 'consent_required',
  70043: 'token_expired',
}
/** Codes that come with a challenge, to be given back with the next request. */
export const CHALLENGED: readonly AadstsCode[] = [50076, 50079, 53000, 53003]
/** Trouble of Microsoft’s own: nothing of the emulator’s state leads there, only mischief. */
export const TRANSIENT: readonly AadstsCode[] = [50033, 90033, 90055]
/** Microsoft has no page about them, and so the answer has no `error_uri`; recorded of all but 700212 and 700213. */
export const WITHOUT_PAGE: readonly AadstsCode[] = [...TRANSIENT, 50166, 70043, 700211, 700212, 700213, 900612, 7000012]
