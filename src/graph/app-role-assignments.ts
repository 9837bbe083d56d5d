import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { everyItem } from '#graph/pages.ts'
import { appRoleId, objectId, readAs } from '#graph/read-as.ts'
import { request } from '#graph/request.ts'
import type { AppRoleId, ObjectId } from '#model/ids.ts'
import type { AppRoleAssignment } from '#model/permission.ts'
import { diagnose } from '#model/problem.ts'

const assignment = z.looseObject({
  id: z.string(),
  appRoleId,
  resourceId: objectId,
  principalId: objectId,
})

/** The app roles that a service principal holds. @see https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments */
export const listAppRoleAssignments = (graph: Graph, servicePrincipalId: ObjectId): Promise<AppRoleAssignment[]> =>
  everyItem(graph, {
    path: `/servicePrincipals/${servicePrincipalId}/appRoleAssignments`,
    parse: (json) => readAs(assignment, json),
  })

/** Whether somebody holds this role of the resource. @see https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto */
export async function isAssignedTo(
  graph: Graph,
  { principalId, resourceId, appRoleId }: { principalId: ObjectId; resourceId: ObjectId; appRoleId: AppRoleId },
): Promise<boolean> {
  const given = await everyItem(graph, {
    path: `/servicePrincipals/${resourceId}/appRoleAssignedTo`,
    parse: (json) => readAs(assignment, json),
  })
  return given.some((one) => one.principalId === principalId && one.appRoleId === appRoleId)
}

/**
 * Gives `principalId` (us) the role `appRoleId` of `resourceId` (Graph). Safe to repeat: a refusal is answered by reading
 * what is there, not by the wording of the refusal.
 * @see https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto
 */
export async function assignAppRole(
  graph: Graph,
  { principalId, resourceId, appRoleId }: { principalId: ObjectId; resourceId: ObjectId; appRoleId: AppRoleId },
): Promise<'assigned' | 'already-assigned'> {
  try {
    await request(graph, {
      method: 'POST',
      path: `/servicePrincipals/${resourceId}/appRoleAssignedTo`,
      body: { principalId, resourceId, appRoleId },
    })
    return 'assigned'
  } catch (error) {
    if (!['GRAPH_REFUSED', 'GRANT_NOT_VISIBLE_YET'].includes(diagnose(error).code)) throw error
    const held = await listAppRoleAssignments(graph, principalId)
    if (held.some((found) => found.appRoleId === appRoleId && found.resourceId === resourceId))
      return 'already-assigned'
    throw error
  }
}
