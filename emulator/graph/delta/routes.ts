import type { Change } from '#emulator/directory/journal.ts'
import { bend } from '#emulator/graph/bent-links.ts'
import { type Answer, type Call, json, root } from '#emulator/graph/call.ts'
import { changesSince, firstAfter, journalOf } from '#emulator/graph/delta/changes.ts'
import {
  APPLICATIONS,
  DIRECTORY_OBJECTS,
  DIRECTORY_ROLES,
  type Followed,
  GROUPS,
  NEEDS_OF_KINDS,
  PERMISSION_GRANTS,
  SERVICE_PRINCIPALS,
  USERS,
} from '#emulator/graph/delta/followed.ts'
import { allMembers, membersSince, withMembers } from '#emulator/graph/delta/members.ts'
import { namesChanged } from '#emulator/graph/delta/properties.ts'
import { linkTo, type Progress, readProgress, resyncRequired } from '#emulator/graph/delta/token.ts'
import { isTracked, trackedBy } from '#emulator/graph/delta/tracked.ts'
import { unsupportedQuery } from '#emulator/graph/errors.ts'
import { cutPage, startOf } from '#emulator/graph/odata/collection.ts'
import { type Shape, shapeOf, show } from '#emulator/graph/odata/entity.ts'
import { DEFAULT_PAGE } from '#emulator/graph/odata/options.ts'
import { turned } from '#emulator/graph/odata/skip-token.ts'
import { checkPermission } from '#emulator/graph/permissions.ts'
import { get, type Route } from '#emulator/graph/route.ts'

const MAX_PAGE = 999

/** @see https://learn.microsoft.com/graph/delta-query-overview */
function delta<Item extends { id: string }>(of: Followed<Item>): Route {
  return get(`${of.set}/delta`, of.needs, (call) => {
    if (call.words.includes('graph.delta=resync')) throw resyncRequired(call, of.set)
    const { top, orderBy, expand, search, skipToken, deltaToken } = call.options
    if (top !== null || orderBy.length > 0 || expand.length > 0 || search !== null)
      throw unsupportedQuery('$top, $orderby, $expand and $search are not supported with delta.')
    const token = skipToken ?? (deltaToken || null)
    if (token === null) return answerRound(call, of, begin(call, of))
    if (token === 'latest') return answerPage(call, of, begin(call, of), { value: [], next: null })
    return answerRound(call, of, readProgress(call, of.set, token))
  })
}

/** From now on changes are written down; what there is already is enumerated. */
function begin<Item extends { id: string }>(call: Call, { kinds }: Followed<Item>): Progress {
  const tracked = trackedBy(call.options.filter, kinds)
  for (const kind of tracked.kinds ?? []) checkPermission(call.caller, NEEDS_OF_KINDS[kind])
  const { epoch } = journalOf(call.contents)
  const { version } = call.contents
  return {
    epoch,
    since: version,
    place: { position: 0, lastId: '', version },
    after: null,
    heldBack: null,
    select: call.options.select,
    tracked,
  }
}

type Page = { value: object[]; next: Progress | null; heldBack?: number | null }

function answerRound<Item extends { id: string }>(call: Call, of: Followed<Item>, progress: Progress): Answer {
  const showing = { ...call, options: { ...call.options, select: selected(progress), expand: [] } }
  const page =
    progress.place === null ? changed(showing, of, progress) : enumerated(showing, of, progress, progress.place)
  return answerPage(call, of, progress, page)
}

function answerPage<Item extends { id: string }>(
  call: Call,
  { set }: Followed<Item>,
  progress: Progress,
  { value, next, heldBack = null }: Page,
): Answer {
  const isFirstRound = progress.place !== null
  const since = isFirstRound ? progress.since : heldBack === null ? call.contents.version : heldBack - 1
  const rest = { ...progress, place: null, after: null, heldBack: null, since }
  const link =
    next === null
      ? { '@odata.deltaLink': bend(call, 'deltaLink', linkTo(call, set, '$deltatoken', rest)) }
      : { '@odata.nextLink': bend(call, 'nextLink', linkTo(call, set, '$skiptoken', next)) }
  const context = `${root(call)}/$metadata#${set}${progress.select === null ? '' : `(${progress.select.join(',')})`}`
  return json({ '@odata.context': context, ...link, value })
}

/** A page of everything that is there. What changes meanwhile comes again with the first delta link. */
function enumerated<Item extends { id: string }>(
  call: Call,
  of: Followed<Item>,
  progress: Progress,
  place: NonNullable<Progress['place']>,
): Page {
  const { tracked } = progress
  const isAll = tracked.ids === null && tracked.kinds === null
  const list = of.list(call)
  const all = isAll ? list : list.filter((item) => isTracked(tracked, { id: item.id, kind: of.kindOf(item) }))
  const start = place.position === 0 ? 0 : startOf(call, all, place)
  const { items, end, lastId } = cutPage(call, all, { start, size: pageSize(call) })
  const shape = shapeOf(of.type, call)
  return {
    value: items.flatMap((item) =>
      withMembers(everSet(of, shape, item, call), wantsMembers(progress) ? allMembers(of.members(call, item)) : []),
    ),
    next:
      end < all.length
        ? { ...progress, place: turned(place, { position: end, lastId, version: call.contents.version }) }
        : null,
  }
}

/** A page of what changed, in the order in which it did. */
function changed<Item extends { id: string }>(call: Call, of: Followed<Item>, progress: Progress): Page {
  const size = pageSize(call)
  const shape = shapeOf(of.type, call)
  const value: object[] = []
  let { heldBack } = progress
  let last = progress.after ?? progress.since
  for (const change of changesSince(call.contents, of.kinds, last)) {
    if (!isTracked(progress.tracked, change)) continue
    if (call.world.lag.hidesChange(call.caller.tenantId, change.id)) {
      heldBack = Math.min(heldBack ?? Number.POSITIVE_INFINITY, firstAfter(progress.since, change))
      continue
    }
    const shown = showChange(call, of, { progress, change, shape })
    if (shown.length > 0 && value.length >= size) return { value, next: { ...progress, after: last, heldBack } }
    value.push(...shown)
    last = change.sequence
  }
  return { value, next: null, heldBack }
}

type Changing = { progress: Progress; change: Change; shape: Shape }

/** @returns nothing when what changed is not what the client selected */
function showChange<Item extends { id: string }>(
  call: Call,
  of: Followed<Item>,
  { progress, change, shape }: Changing,
): object[] {
  const { since } = progress
  const item = of.find(call, change.id)
  if (item === undefined)
    return [{ id: change.id, '@removed': { reason: call.contents.deleted.has(change.id) ? 'changed' : 'deleted' } }]
  const names = namesChanged(call, of, { change, since, names: shape.names, item })
  const isNew = change.what === 'created'
  const members = !wantsMembers(progress)
    ? []
    : isNew
      ? allMembers(of.members(call, item))
      : membersSince(change, since)
  if (names.size === 0 && members.length === 0) return []
  const isMinimal = /(^|[,;\s])return=minimal/i.test(call.header('prefer') ?? '')
  const object = isMinimal
    ? show(of.type, { ...shape, names: shape.names.filter((name) => name === 'id' || names.has(name)) }, item, call)
    : everSet(of, shape, item, call, names)
  return withMembers(object, members)
}

/** Properties that were never set stay away; one that was emptied comes as null. */
function everSet<Item extends { id: string }>(
  { type }: Followed<Item>,
  shape: Shape,
  item: Item,
  call: Call,
  changed: ReadonlySet<string> = new Set(),
): object {
  const shown = show(type, shape, item, call)
  for (const [name, value] of Object.entries(shown)) if (value === null && !changed.has(name)) delete shown[name]
  return shown
}

/** Groups and roles bring their members unless $select leaves them out. */
const wantsMembers = ({ select }: Progress): boolean => select?.some((name) => name.toLowerCase() === 'members') ?? true

/** `id` always comes; `members` is no property of its own here. */
const selected = ({ select }: Progress): string[] | null =>
  select === null ? null : [...new Set([...select.filter((name) => name.toLowerCase() !== 'members'), 'id'])]

function pageSize(call: Call): number {
  const [, wanted] = /odata\.maxpagesize=(\d+)/i.exec(call.header('prefer') ?? '') ?? []
  return wanted === undefined ? DEFAULT_PAGE : Math.min(MAX_PAGE, Math.max(1, Number(wanted)))
}

export const deltaRoutes: readonly Route[] = [
  delta(USERS),
  delta(GROUPS),
  delta(SERVICE_PRINCIPALS),
  delta(APPLICATIONS),
  delta(DIRECTORY_ROLES),
  delta(PERMISSION_GRANTS),
  delta(DIRECTORY_OBJECTS),
]
