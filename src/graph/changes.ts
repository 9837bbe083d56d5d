import { freeBytes } from '#base/free-bytes.ts'
import { otherTenant, unreadable } from '#graph/errors.ts'
import type { Graph } from '#graph/open.ts'
import { parseAnswer, requestBytes } from '#graph/request.ts'
import { urlOf } from '#graph/url-of.ts'
import { type ObjectId, parseObjectId } from '#model/ids.ts'
import type { ChangePage, Changes, MembershipChange, ResourceDefinition } from '#model/resource.ts'

/** Delta takes no $top; pages are as large as this header asks. @see https://learn.microsoft.com/graph/delta-query-users */
const PREFER = { prefer: 'odata.maxpagesize=999' }

type Entry = Readonly<Record<string, unknown>>
type Links = Pick<ChangePage, 'nextLink' | 'deltaLink'>
type Collection = Links & { value: readonly Entry[] }

/**
 * One page of a resource: the first one, or the one that a link leads to. The link is checked before anything is sent.
 * @param options.mayPass whether the page may go on as it came, without being taken apart
 * @throws Problem SYNC_STATE_LOST when Graph has forgotten what the link stands for; ORIGIN_REFUSED for a foreign link
 * @see https://learn.microsoft.com/graph/delta-query-overview
 */
export async function readChanges(
  graph: Graph,
  definition: ResourceDefinition,
  { link, signal, mayPass = false }: { link: string | null; signal: AbortSignal; mayPass?: boolean },
): Promise<ChangePage> {
  const path = link ?? firstPath(definition)
  const page = pageOf(definition, await requestBytes(graph, { path, headers: PREFER, signal }), mayPass)
  const { nextLink, deltaLink } = page
  if (definition.mode === 'delta' && (nextLink === null) === (deltaLink === null))
    throw unreadable(`A page of ${definition.path} has neither or both of the two links.`)
  // A foreign link must not even be stored: the next run would start from it, and every run after that.
  for (const link of [nextLink, deltaLink]) if (link !== null) urlOf(graph, link)
  if (definition.kind === 'organization') assertOwn(graph, page)
  return page
}

/** The one object that says whose directory it stands in. @throws Problem TOKEN_OF_OTHER_TENANT */
function assertOwn({ tenantId }: Graph, page: ChangePage): void {
  for (const id of page.changes().changed.ids) if (String(id) !== tenantId) throw otherTenant(tenantId)
}

function pageOf(definition: ResourceDefinition, bytes: Buffer, mayPass: boolean): ChangePage {
  const free = () => freeBytes(bytes)
  const around = mayPass ? linksAround(bytes) : null
  if (around) return { ...around, asItCame: bytes, changes: () => takeApart(definition, bytes), free }
  const { nextLink, deltaLink, ...changes } = takeApart(definition, bytes)
  free()
  return { nextLink, deltaLink, asItCame: null, changes: () => changes, free: () => {} }
}

const firstPath = ({ path, select }: ResourceDefinition): string => `${path}?$select=${select.join(',')}`

/** By hand: a schema would copy each of a thousand objects, and take as long as everything else together. */
function collectionIn(json: unknown): Collection | null {
  if (!isEntry(json) || !Array.isArray(json.value) || !json.value.every(isEntry)) return null
  const { value, '@odata.nextLink': nextLink = null, '@odata.deltaLink': deltaLink = null } = json
  return isLink(nextLink) && isLink(deltaLink) ? { value, nextLink, deltaLink } : null
}
const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null && !Array.isArray(value)
const isLink = (value: unknown): value is string | null => value === null || typeof value === 'string'

/** What stands in an object beside what is stored of it. */
const ASIDE = ['@removed', 'members@delta', '@odata.type'] as const
/**
 * Where one of these begins, something is to be put aside, or is beside the objects after all, or may be what PostgreSQL
 * cannot hold. They are looked for in bytes, so that they are found in a name, too: then the page is taken apart for nothing.
 * Node looks for eight letters eight times as long as for seven.
 */
const MARKS = ['@remove', '@delta', '@odata.', '\\u'] as const
const OPENING = '"value":['

/**
 * The links of a page whose objects may pass as they came, without a look at each of them, which would take half as long
 * as everything else together.
 * @returns null for a page that has to be taken apart
 */
function linksAround(bytes: Buffer): Links | null {
  const [first, end] = [bytes.indexOf(OPENING) + OPENING.length, bytes.lastIndexOf(']')]
  if (first < OPENING.length || end < first) return null
  const objects = bytes.subarray(first, end)
  if (MARKS.some((mark) => objects.includes(mark))) return null
  try {
    const collection = collectionIn(JSON.parse(bytes.toString('utf8', 0, first) + bytes.toString('utf8', end)))
    return collection && { nextLink: collection.nextLink, deltaLink: collection.deltaLink }
  } catch {
    return null
  }
}

/**
 * Of an object that stands twice on a page the later state counts. A page of nothing but objects, each once, goes on as
 * the text that it is.
 */
function takeApart({ kind, key, path }: ResourceDefinition, bytes: Buffer): Changes & Links {
  const collection = collectionIn(parseAnswer(bytes))
  if (!collection) throw unreadable(`The answer for ${path} is not a collection.`)
  const { value: entries, ...links } = collection
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
    if (kind === 'group' && Array.isArray(came))
      for (const member of came) members.push(membership(id, member as Entry))
  }
  const same = asItIs && changed.size === entries.length
  const json = same ? bytes.toString('utf8') : JSON.stringify({ value: [...changed.values()].map(withoutAside) })
  return { changed: { ids: [...changed.keys()], json }, removed: [...removed], members, ...links }
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
