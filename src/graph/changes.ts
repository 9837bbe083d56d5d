import { unreadable } from '#graph/errors.ts'
import type { Graph } from '#graph/open.ts'
import { requestText, urlOf } from '#graph/request.ts'
import { type ObjectId, parseObjectId } from '#model/ids.ts'
import type { ChangePage, MembershipChange, ResourceDefinition } from '#model/resource.ts'

/** Delta takes no $top; pages are as large as this header asks. @see https://learn.microsoft.com/graph/delta-query-users */
const PREFER = { prefer: 'odata.maxpagesize=999' }

type Entry = Readonly<Record<string, unknown>>
type Collection = { value: readonly Entry[]; next: string | null; delta: string | null }

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
  const { json, text } = await requestText(graph, { path: link ?? firstPath(definition), headers: PREFER, signal })
  const collection = collectionIn(json)
  if (!collection) throw unreadable(`The answer for ${definition.path} is not a collection.`)
  const { value, next, delta } = collection
  if (definition.mode === 'delta' && (next === null) === (delta === null))
    throw unreadable(`A page of ${definition.path} has neither or both of the two links.`)
  // A foreign link must not even be stored: the next run would start from it, and every run after that.
  for (const link of [next, delta]) if (link !== null) urlOf(graph, link)
  return { ...sort(definition, value, text), nextLink: next, deltaLink: delta }
}

const firstPath = ({ path, select }: ResourceDefinition): string => `${path}?$select=${select.join(',')}`

/** By hand: a schema would copy each of a thousand objects, and take as long as everything else together. */
function collectionIn(json: unknown): Collection | null {
  if (!isEntry(json) || !Array.isArray(json.value) || !json.value.every(isEntry)) return null
  const { value, '@odata.nextLink': next = null, '@odata.deltaLink': delta = null } = json
  return isLink(next) && isLink(delta) ? { value, next, delta } : null
}
const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null && !Array.isArray(value)
const isLink = (value: unknown): value is string | null => value === null || typeof value === 'string'

/** What stands in an object beside what is stored of it. */
const ASIDE = ['@removed', 'members@delta', '@odata.type'] as const

/**
 * Of an object that stands twice on a page the later state counts. A page of nothing but objects, each once, goes on as
 * the text that it is.
 */
function sort(
  { kind, key }: ResourceDefinition,
  entries: readonly Entry[],
  text: string,
): Pick<ChangePage, 'changed' | 'removed' | 'members'> {
  const changed = new Map<ObjectId, Entry>()
  const removed = new Set<ObjectId>()
  const members: MembershipChange[] = []
  let asItIs = true
  for (const entry of entries) {
    const id = parseObjectId(entry[key])
    if (!id) throw unreadable(`An object of kind ${kind} has no usable ${key}.`)
    if (ASIDE.some((name) => entry[name] !== undefined)) asItIs = false
    if (entry['@removed'] !== undefined) {
      changed.delete(id)
      removed.add(id)
      continue
    }
    removed.delete(id)
    changed.set(id, entry)
    const came = entry['members@delta']
    if (Array.isArray(came)) for (const member of came) members.push(membership(id, member as Entry))
  }
  const same = asItIs && changed.size === entries.length
  const json = same ? text : JSON.stringify({ value: [...changed.values()].map(withoutAside) })
  return { changed: { ids: [...changed.keys()], json }, removed: [...removed], members }
}

const withoutAside = ({ 'members@delta': _members, '@odata.type': _type, ...rest }: Entry): Entry => rest

function membership(groupId: ObjectId, member: Entry): MembershipChange {
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
