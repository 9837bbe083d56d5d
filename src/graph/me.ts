import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { everyItem } from '#graph/pages.ts'
import { objectId, readAs } from '#graph/read-as.ts'
import { request } from '#graph/request.ts'
import type { ObjectId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'

const member = z.looseObject({ '@odata.type': z.string().optional(), roleTemplateId: z.string().nullish() })

/**
 * Template ids of the directory roles that the signed-in person holds now, also by way of a group.
 * @returns null when Graph does not tell: a token with User.Read alone sees that there are memberships, but not always which
 * Some tenants let guests read nothing, not even this: who is refused holds none.
 * @see https://learn.microsoft.com/graph/api/user-list-transitivememberof
 */
export async function readMyDirectoryRoles(graph: Graph): Promise<string[] | null> {
  const memberships = await everyItem(graph, {
    path: '/me/transitiveMemberOf?$top=999',
    parse: (json) => readAs(member, json),
  }).catch(noneWhereRefused)
  const roles = memberships.filter((one) => one['@odata.type'] === '#microsoft.graph.directoryRole')
  if (roles.some((role) => !role.roleTemplateId)) return null
  return roles.flatMap((role) => role.roleTemplateId ?? [])
}

function noneWhereRefused(error: unknown): [] {
  if (diagnose(error).code === 'PERMISSION_MISSING') return []
  throw error
}

const person = z.looseObject({
  id: objectId,
  displayName: z.string().nullish(),
  userPrincipalName: z.string().nullish(),
})

/** Who is signed in. @see https://learn.microsoft.com/graph/api/user-get */
export async function readMe(graph: Graph): Promise<{ objectId: ObjectId; name: string; username: string }> {
  const { id, displayName, userPrincipalName } = readAs(
    person,
    await request(graph, { path: '/me?$select=id,displayName,userPrincipalName' }),
  )
  return { objectId: id, name: displayName ?? '', username: userPrincipalName ?? '' }
}
