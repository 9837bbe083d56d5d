import { readAccessToken } from '#entra/access-token.ts'
import { OPERATOR_ROLE } from '#flows/operators/operator-sign-in.ts'
import type { Operator } from '#model/administrator.ts'
import type { Tools } from '#tools.ts'

/**
 * Who calls the HTTP API with an access token of the home tenant. Having a token is not being allowed: it must carry the
 * operator role, whether a person or a program holds it.
 * @throws Problem when Microsoft’s keys cannot be read
 */
export async function authenticateApiCaller(
  { entra }: Pick<Tools, 'entra'>,
  token: string,
): Promise<Operator | 'not-for-us' | 'not-an-operator'> {
  const caller = await readAccessToken(entra, token)
  if (!caller) return 'not-for-us'
  if (!caller.roles.includes(OPERATOR_ROLE)) return 'not-an-operator'
  const { objectId, name, username } = caller
  return { objectId, name, username }
}
