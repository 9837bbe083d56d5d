import { randomUUID } from 'node:crypto'
import { authorizationUrl } from '#entra/administrator-sign-in.ts'
import { newSignIn } from '#entra/new-sign-in.ts'
import { stateHash } from '#flows/sign-up/state-hash.ts'
import type { SignUpTicket } from '#model/administrator.ts'
import { SIGN_UP_SCOPES } from '#model/app.ts'
import type { SignUpId, TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { addSignUp, makeRoomForSignUp, removeExpiredSignUps } from '#store/sign-ups.ts'
import type { Tools } from '#tools.ts'

/**
 * More unfinished sign-ups than this at one time are somebody's attack, not customers. Then the oldest make room: nobody
 * is kept out, and who comes back within minutes finds his own, unless ten thousand more are begun meanwhile.
 */
const MAX_OPEN_SIGN_UPS = 10_000

/** Where Microsoft sends the administrator back to; registered with the application. */
export const signUpRedirectUri = (publicUrl: string): string => `${publicUrl}/sign-up/callback`

/**
 * Records that an administrator sets out, and says where to send the browser. The ticket goes into a sealed cookie of
 * that browser; the database keeps only a hash of the state.
 * @param input.invitedTenantId binds the sign-up to one tenant: only its administrators can finish it
 */
export async function beginSignUp(
  { config, entra, store }: Pick<Tools, 'config' | 'entra' | 'store'>,
  { invitedTenantId }: { invitedTenantId: TenantId | null },
): Promise<{ redirectTo: string; ticket: SignUpTicket }> {
  const { challenge, ...signIn } = newSignIn()
  const signUpId = randomUUID() as SignUpId
  const redirectTo = await authorizationUrl(entra, {
    tenant: invitedTenantId ?? 'organizations',
    redirectUri: signUpRedirectUri(config.publicUrl),
    scopes: SIGN_UP_SCOPES,
    state: signIn.state,
    nonce: signIn.nonce,
    challenge,
    prompt: 'select_account',
  })
  await asFleet(store, async (sql) => {
    await removeExpiredSignUps(sql)
    await makeRoomForSignUp(sql, { most: MAX_OPEN_SIGN_UPS })
    await addSignUp(sql, {
      id: signUpId,
      stateHash: stateHash(signIn.state),
      invitedTenantId,
      validMinutes: config.signUpValidMinutes,
    })
  })
  return { redirectTo, ticket: { ...signIn, signUpId, invitedTenantId } }
}
