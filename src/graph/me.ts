import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { everyItem } from '#graph/pages.ts'

const member = z.looseObject({ roleTemplateId: z.string().nullish() })

/** Template ids of the directory roles that the signed-in administrator holds now. @see https://learn.microsoft.com/graph/api/user-list-memberof */
export async function readMyDirectoryRoles(graph: Graph): Promise<string[]> {
  const memberships = await everyItem(graph, {
    path: '/me/memberOf',
    parse: (json) => member.parse(json).roleTemplateId ?? null,
  })
  return memberships.filter((role) => role !== null)
}
