import { readMyDirectoryRoles } from '#graph/me.ts'
import type { Graph } from '#graph/open.ts'
import { type Account, type AdministratorStep, administers, type ProvenAdministrator } from '#model/administrator.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * An app-only token says what the app may do, never who asks: any member or guest can walk through a sign-up once
 * everything is granted. So whoever connects a tenant has to answer for its applications.
 * @throws Problem NOT_AN_ADMINISTRATOR
 */
export async function proveAdministrator(
  { graphAs }: Pick<Tools, 'graphAs'>,
  { account, token }: Pick<AdministratorStep, 'account' | 'token'>,
): Promise<ProvenAdministrator> {
  if (!mayConnect(await heldRoles(graphAs(token), account))) throw noAdministrator()
  const { tenantId, objectId } = account
  return { tenantId, objectId } as ProvenAdministrator
}

/**
 * Directory roles as the ID token named them; where none of them will do, also those that Graph tells now: a role that
 * comes by way of a group, or was activated after the sign-in.
 * @returns null when somebody holds some, and Microsoft does not say which
 */
export async function heldRoles(
  graph: Graph,
  { directoryRoles }: Pick<Account, 'directoryRoles'>,
): Promise<readonly string[] | null> {
  if (administers(directoryRoles)) return directoryRoles
  const now = await readMyDirectoryRoles(graph)
  if (now) return [...directoryRoles, ...now]
  return directoryRoles.length > 0 ? directoryRoles : null
}

/** Members and guests hold none that Graph lists: whose role it keeps to itself is neither. */
export const mayConnect = (roles: readonly string[] | null): boolean => roles === null || administers(roles)

export const noAdministrator = (cause?: unknown) =>
  new Problem(
    {
      code: 'NOT_AN_ADMINISTRATOR',
      owner: 'customer-administrator',
      message: 'Who signed in is no administrator of this organisation. Nothing was changed.',
      nextStep:
        'Let a Global Administrator, a Privileged Role Administrator, an Application Administrator or a Cloud Application Administrator of the organisation sign up. If your own role has to be activated first, activate it, then sign in again.',
      retry: 'never',
      confidence: 'certain',
    },
    { cause },
  )
