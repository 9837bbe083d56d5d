import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { appRoleId, objectId, readAs } from '#graph/read-as.ts'
import { request } from '#graph/request.ts'
import { type ClientId, MICROSOFT_GRAPH, type ObjectId } from '#model/ids.ts'
import type { AppRole } from '#model/permission.ts'

export type ServicePrincipal = {
  id: ObjectId
  displayName: string
  accountEnabled: boolean
  appRoles: readonly AppRole[]
}

const servicePrincipals = z.object({
  value: z.array(
    z.looseObject({
      id: objectId,
      displayName: z.string().nullish(),
      accountEnabled: z.boolean().nullish(),
      appRoles: z
        .array(
          z.looseObject({
            id: appRoleId,
            value: z.string().nullish(),
            displayName: z.string().nullish(),
            isEnabled: z.boolean().default(true),
            allowedMemberTypes: z.array(z.string()).default([]),
          }),
        )
        .default([]),
    }),
  ),
})

/**
 * The presence of an application in this tenant, or null while there is none (or none is shown yet).
 * @see https://learn.microsoft.com/graph/api/serviceprincipal-list
 */
export async function findServicePrincipal(graph: Graph, clientId: ClientId): Promise<ServicePrincipal | null> {
  const filter = encodeURIComponent(`appId eq '${clientId}'`)
  const json = await request(graph, {
    path: `/servicePrincipals?$filter=${filter}&$select=id,displayName,accountEnabled,appRoles`,
  })
  const found = readAs(servicePrincipals, json).value[0]
  if (!found) return null
  return {
    id: found.id,
    displayName: found.displayName ?? '',
    accountEnabled: found.accountEnabled !== false,
    appRoles: found.appRoles
      .filter((role) => role.isEnabled && role.value && role.allowedMemberTypes.includes('Application'))
      .map((role) => ({ id: role.id, value: role.value ?? '', displayName: role.displayName ?? role.value ?? '' })),
  }
}

/** Microsoft Graph's own service principal: what it offers is read from the tenant, never typed in. */
export const findMicrosoftGraph = (graph: Graph): Promise<ServicePrincipal | null> =>
  findServicePrincipal(graph, MICROSOFT_GRAPH)
