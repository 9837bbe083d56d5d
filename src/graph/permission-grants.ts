import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { everyItem } from '#graph/pages.ts'
import type { ObjectId } from '#model/ids.ts'

export type PermissionGrant = { consentType: string; scopes: readonly string[] }

const grant = z.looseObject({ consentType: z.string(), scope: z.string().nullish() })

/** The delegated permissions that this tenant has given a client. @see https://learn.microsoft.com/graph/api/serviceprincipal-list-oauth2permissiongrants */
export const listPermissionGrants = (graph: Graph, servicePrincipalId: ObjectId): Promise<PermissionGrant[]> =>
  everyItem(graph, {
    path: `/servicePrincipals/${servicePrincipalId}/oauth2PermissionGrants`,
    parse: (json) => {
      const { consentType, scope } = grant.parse(json)
      return { consentType, scopes: (scope ?? '').split(' ').filter((word) => word !== '') }
    },
  })
