import type { SignUpId } from '#model/ids.ts'
import type { SignUp } from '#model/sign-up.ts'
import { asFleet } from '#store/database/open.ts'
import { findSignUp } from '#store/sign-ups.ts'
import type { Tools } from '#tools.ts'

/** The sign-up that this administrator is on, or null when it is not his: another tenant's never shows. */
export async function findSignUpFor(
  { store }: Pick<Tools, 'store'>,
  { signUpId, account }: { signUpId: SignUpId; account: { tenantId: string; objectId: string } },
): Promise<SignUp | null> {
  const signUp = await asFleet(store, (sql) => findSignUp(sql, signUpId))
  return signUp?.tenantId === account.tenantId && signUp.administratorId === account.objectId ? signUp : null
}
