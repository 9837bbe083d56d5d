import type { Change, ChangeKind } from '#emulator/directory/journal.ts'
import type { Guid } from '#emulator/directory/types.ts'
import type { Items } from '#emulator/directory/user-table.ts'
import { bend } from '#emulator/graph/bent-links.ts'
import { type Answer, type Call, json, root } from '#emulator/graph/call.ts'
import { changesSince, journalOf } from '#emulator/graph/delta/changes.ts'
import { currentMembers, membersSince } from '#emulator/graph/delta/members.ts'
import { idsIn } from '#emulator/graph/delta/only-ids.ts'
import { linkTo, type Progress, readProgress, resyncRequired } from '#emulator/graph/delta/token.ts'
import { unsupportedQuery } from '#emulator/graph/errors.ts'
import { groupsIn, usersIn } from '#emulator/graph/lists.ts'
import { startOf } from '#emulator/graph/odata/collection.ts'
import { type EntityType, type Shape, shapeOf, show } from '#emulator/graph/odata/entity.ts'
import { DEFAULT_PAGE } from '#emulator/graph/odata/options.ts'
import { NEEDS, type Needs } from '#emulator/graph/permissions.ts'
import { GROUP } from '#emulator/graph/resources/group-type.ts'
import { SERVICE_PRINCIPAL } from '#emulator/graph/resources/service-principal-type.ts'
import { USER } from '#emulator/graph/resources/user-type.ts'
import { get, type Route } from '#emulator/graph/route.ts'

/** A collection whose changes can be followed. */
type Followed<Item> = {
  set: string
  kind: ChangeKind
  type: EntityType<Item>
  needs: Needs
  list: (call: Call) => Items<Item>
  find: (call: Call, id: Guid) => Item | undefined
}

const MAX_PAGE = 999

/** @see https://learn.microsoft.com/graph/delta-query-overview */
function delta<Item extends { id: Guid }>(of: Followed<Item>): Route {
  return get(`${of.set}/delta`, of.needs, (call) => {
    if (call.words.includes('graph.delta=resync')) throw resyncRequired(call, of.set)
    const { top, orderBy, expand, search, skipToken, deltaToken } = call.options
    if (top !== null || orderBy.length > 0 || expand.length > 0 || search !== null)
      throw unsupportedQuery('$top, $orderby, $expand and $search are not supported with delta.')
    const token = skipToken ?? (deltaToken || null)
    if (token === null) return answerRound(call, of, begin(call))
    if (token === 'latest') return answerPage(call, of, begin(call), { value: [], next: null })
    return answerRound(call, of, readProgress(call, of.set, token))
  })
}

/** From now on changes are written down; what there is already is enumerated. */
const begin = (call: Call): Progress => ({
  epoch: journalOf(call.contents).epoch,
  since: call.contents.version,
  place: { position: 0, lastId: '', version: call.contents.version },
  after: null,
  select: call.options.select,
  ids: call.options.filter === null ? null : idsIn(call.options.filter),
})

type Page = { value: object[]; next: Progress | null }

function answerRound<Item extends { id: Guid }>(call: Call, of: Followed<Item>, progress: Progress): Answer {
  const showing = { ...call, options: { ...call.options, select: selected(progress), expand: [] } }
  const page =
    progress.place === null ? changed(showing, of, progress) : enumerated(showing, of, progress, progress.place)
  return answerPage(call, of, progress, page)
}

function answerPage<Item>(call: Call, of: Followed<Item>, progress: Progress, { value, next }: Page): Answer {
  const isFirstRound = progress.place !== null
  const since = isFirstRound ? progress.since : call.contents.version
  const link =
    next === null
      ? {
          '@odata.deltaLink': bend(
            call,
            'deltaLink',
            linkTo(call, of.set, '$deltatoken', { ...progress, place: null, after: null, since }),
          ),
        }
      : { '@odata.nextLink': bend(call, 'nextLink', linkTo(call, of.set, '$skiptoken', next)) }
  return json({ '@odata.context': `${root(call)}/$metadata#${of.set}`, ...link, value })
}

/** A page of everything that is there. What changes meanwhile comes again with the first delta link. */
function enumerated<Item extends { id: Guid }>(
  call: Call,
  of: Followed<Item>,
  progress: Progress,
  place: NonNullable<Progress['place']>,
): Page {
  const { ids } = progress
  const all = ids === null ? of.list(call) : of.list(call).filter(({ id }) => ids.includes(id))
  const start = place.position === 0 ? 0 : startOf(call, all, place)
  const page = all.slice(start, start + pageSize(call))
  const end = start + page.length
  const shape = shapeOf(of.type, call)
  return {
    value: page.map((item) => ({
      ...show(of.type, shape, item, call),
      ...membersOf(call, of, progress, item.id, null),
    })),
    next:
      end < all.length
        ? { ...progress, place: { position: end, lastId: page.at(-1)?.id ?? '', version: call.contents.version } }
        : null,
  }
}

/** A page of what changed, in the order in which it did. */
function changed<Item extends { id: Guid }>(call: Call, of: Followed<Item>, progress: Progress): Page {
  const size = pageSize(call)
  const shape = shapeOf(of.type, call)
  const value: object[] = []
  let last = progress.after ?? progress.since
  for (const change of changesSince(call.contents, of.kind, last)) {
    if (progress.ids !== null && !progress.ids.includes(change.id)) continue
    if (value.length === size) return { value, next: { ...progress, after: last } }
    value.push(showChange(call, of, { progress, change, shape }))
    last = change.sequence
  }
  return { value, next: null }
}

function showChange<Item extends { id: Guid }>(
  call: Call,
  of: Followed<Item>,
  { progress, change, shape }: { progress: Progress; change: Change; shape: Shape },
): object {
  const item = of.find(call, change.id)
  if (item === undefined)
    return { id: change.id, '@removed': { reason: call.contents.deleted.has(change.id) ? 'changed' : 'deleted' } }
  return { ...show(of.type, shape, item, call), ...membersOf(call, of, progress, item.id, change) }
}

/** Groups bring their members unless $select leaves them out; a group that is new to the client brings all. */
function membersOf<Item>(
  call: Call,
  { kind }: Followed<Item>,
  { select, since }: Progress,
  id: Guid,
  change: Change | null,
) {
  if (kind !== 'group' || (select !== null && !select.includes('members'))) return {}
  const members =
    change === null || change.what === 'created' ? currentMembers(call.contents, id) : membersSince(change, since)
  return members.length > 0 ? { 'members@delta': members } : {}
}

/** `id` always comes; `members` is no property of its own here. */
const selected = ({ select }: Progress): string[] | null =>
  select === null ? null : [...new Set([...select.filter((name) => name.toLowerCase() !== 'members'), 'id'])]

function pageSize(call: Call): number {
  const [, wanted] = /odata\.maxpagesize=(\d+)/i.exec(call.header('prefer') ?? '') ?? []
  return wanted === undefined ? DEFAULT_PAGE : Math.min(MAX_PAGE, Math.max(1, Number(wanted)))
}

export const deltaRoutes: readonly Route[] = [
  delta({
    set: 'users',
    kind: 'user',
    type: USER,
    needs: NEEDS.followUsers,
    list: ({ contents }) => usersIn(contents),
    find: ({ contents }, id) => contents.users.get(id),
  }),
  delta({
    set: 'groups',
    kind: 'group',
    type: GROUP,
    needs: NEEDS.readGroups,
    list: ({ contents }) => groupsIn(contents),
    find: ({ contents }, id) => contents.groups.get(id),
  }),
  delta({
    set: 'servicePrincipals',
    kind: 'servicePrincipal',
    type: SERVICE_PRINCIPAL,
    needs: NEEDS.readApplications,
    list: ({ contents }) => [...contents.servicePrincipals.values()],
    find: ({ contents }, id) => contents.servicePrincipals.get(id),
  }),
]
