import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { request, urlOf } from '#graph/request.ts'
import { type ObjectId, parseObjectId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { ChangePage, DirectoryResource, MembershipChange, ResourceDefinition } from '#model/resource.ts'

/** Delta takes no $top; pages are as large as this header asks. @see https://learn.microsoft.com/graph/delta-query-users */
const PREFER = { prefer: 'odata.maxpagesize=999' }

const collection = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
})

/**
 * One page of a resource: the first one, or the one that a link leads to. The link is checked before anything is sent.
 * @throws Problem SYNC_STATE_LOST when Graph has forgotten what the link stands for; ORIGIN_REFUSED for a foreign link
 * @see https://learn.microsoft.com/graph/delta-query-overview
 */
export async function readChanges(
  graph: Graph,
  definition: ResourceDefinition,
  { link, signal }: { link: string | null; signal: AbortSignal },
): Promise<ChangePage> {
  const json = await request(graph, { path: link ?? firstPath(definition), headers: PREFER, signal })
  const page = collection.safeParse(json)
  if (!page.success) throw unreadable(`The answer for ${definition.path} is not a collection.`)
  const next = page.data['@odata.nextLink'] ?? null
  const delta = page.data['@odata.deltaLink'] ?? null
  if (definition.mode === 'delta' && (next === null) === (delta === null))
    throw unreadable(`A page of ${definition.path} has neither or both of the two links.`)
  // A foreign link must not even be stored: the next run would start from it, and every run after that.
  for (const link of [next, delta]) if (link !== null) urlOf(graph, link)
  return { ...sort(definition, page.data.value), nextLink: next, deltaLink: delta }
}

const firstPath = ({ path, select }: ResourceDefinition): string => `${path}?$select=${select.join(',')}`

/** Of an object that stands twice on a page the later state counts. */
function sort(
  { kind, key }: ResourceDefinition,
  objects: readonly Record<string, unknown>[],
): Pick<ChangePage, 'changed' | 'removed' | 'members'> {
  const changed = new Map<ObjectId, DirectoryResource>()
  const removed = new Set<ObjectId>()
  const members: MembershipChange[] = []
  for (const object of objects) {
    const id = parseObjectId(object[key])
    if (!id) throw unreadable(`An object of kind ${kind} has no usable ${key}.`)
    if (object['@removed'] !== undefined) {
      changed.delete(id)
      removed.add(id)
      continue
    }
    removed.delete(id)
    const { id: _id, displayName, 'members@delta': came, '@odata.type': _type, ...properties } = object
    changed.set(id, { kind, id, displayName: typeof displayName === 'string' ? displayName : null, properties })
    if (Array.isArray(came)) for (const member of came) members.push(membership(id, member as Record<string, unknown>))
  }
  return { changed: [...changed.values()], removed: [...removed], members }
}

function membership(groupId: ObjectId, member: Record<string, unknown>): MembershipChange {
  const memberId = parseObjectId(member.id)
  if (!memberId) throw unreadable('A member of a group has no usable id.')
  const type = member['@odata.type']
  return {
    groupId,
    memberId,
    memberType: typeof type === 'string' ? type.replace('#microsoft.graph.', '') : 'unknown',
    removed: member['@removed'] !== undefined,
  }
}

const unreadable = (message: string) =>
  new Problem({
    code: 'ANSWER_UNREADABLE',
    owner: 'microsoft',
    message,
    nextStep: 'It is tried again later by itself.',
    retry: 'backoff',
    confidence: 'certain',
  })
