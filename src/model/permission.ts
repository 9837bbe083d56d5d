import type { AppRoleId, ObjectId } from '#model/ids.ts'

/** An application permission of Microsoft Graph that the app declares, with the reason that administrators read. */
export type DeclaredPermission = {
  /** As Microsoft writes it, for example User.Read.All. */
  value: string
  /** One sentence in the customer's language of benefit: why the app needs it. */
  reason: string
  /** Accepts a name that Microsoft introduced after this version of Tenantry. A tenant that does not offer it says so on the sign-up page. */
  unlisted?: true
}

/** An app role as the resource's service principal in the customer's tenant declares it. */
export type AppRole = { id: AppRoleId; value: string; displayName: string }

/** An app role given to our service principal. */
export type AppRoleAssignment = { id: string; appRoleId: AppRoleId; resourceId: ObjectId; principalId: ObjectId }

export type PlannedGrant = DeclaredPermission & {
  /** Microsoft's name for it, for example "Read all users' full profiles". */
  displayName: string
  /** `unavailable`: this tenant's Microsoft Graph does not offer it. */
  status: 'granted' | 'to-grant' | 'unavailable'
  appRoleId: AppRoleId | null
}

/** What the administrator sees and decides on: every declared permission, what is there already, what will be added. */
export type GrantPlan = { grants: readonly PlannedGrant[]; complete: boolean }

/** Role ids are resolved by value from the tenant's own Microsoft Graph, never typed in: typing mistakes are the commonest failure. */
export function planGrants(
  declared: readonly DeclaredPermission[],
  offered: readonly AppRole[],
  assigned: readonly Pick<AppRoleAssignment, 'appRoleId'>[],
): GrantPlan {
  const roles = new Map(offered.map((role) => [role.value, role]))
  const held = new Set(assigned.map((assignment) => assignment.appRoleId))
  const grants = declared.map((permission): PlannedGrant => {
    const role = roles.get(permission.value)
    if (!role) return { ...permission, displayName: permission.value, status: 'unavailable', appRoleId: null }
    return {
      ...permission,
      displayName: role.displayName,
      status: held.has(role.id) ? 'granted' : 'to-grant',
      appRoleId: role.id,
    }
  })
  return { grants, complete: grants.every((grant) => grant.status === 'granted') }
}

/** Declared permission values that the token does not carry. */
export const missingRoles = (declared: readonly DeclaredPermission[], roles: readonly string[]): string[] =>
  declared.map((permission) => permission.value).filter((value) => !roles.includes(value))
