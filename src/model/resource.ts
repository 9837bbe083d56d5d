import type { PermissionName } from '#model/graph-permissions.ts'
import type { ObjectId } from '#model/ids.ts'

/** The kinds of object that are read of every customer's directory. */
export const BUILT_IN_KINDS = ['organization', 'subscribedSku', 'user', 'group', 'servicePrincipal'] as const
export type BuiltInKind = (typeof BUILT_IN_KINDS)[number]
export const isBuiltIn = (kind: string): kind is BuiltInKind => BUILT_IN_KINDS.some((one) => one === kind)

/** A kind that is built in, or one that `tenantry.config.ts` declares. */
export type ResourceKind = BuiltInKind | (string & Record<never, never>)

/**
 * How one kind of object is read. `delta`: everything once, then only what has changed. `full`: everything every time,
 * for the few objects that Graph tells no changes of.
 */
export type ResourceDefinition = {
  /** One of them, as Graph names its type: device, administrativeUnit. */
  kind: ResourceKind
  /** All of them, as operators and administrators read it: Devices. The kind unless told. */
  title?: string
  mode: 'delta' | 'full'
  /** Below /v1.0, without options: /users/delta. */
  path: string
  /** Only what is stored is asked for: it costs less of Graph's budget. */
  select: readonly string[]
  /** The property that tells objects of this kind apart, a GUID; with delta it is `id`. */
  key: string
  /** Application permissions any one of which lets the app read it. */
  anyOf: readonly PermissionName[]
}

/** What is written down for `defineResource`; the same, but that the compiler looks for the key among what is selected. */
export interface ResourceDeclaration<Property extends string> extends Omit<ResourceDefinition, 'select' | 'key'> {
  /** Only what is stored is asked for: it costs less of Graph's budget. */
  select: readonly Property[]
  /** The property that tells objects of this kind apart, a GUID; with delta it is `id`. */
  key: NoInfer<Property>
}

/**
 * Another kind of object that the directory sync reads. It stands in `resources` of `defineApp` and is checked with the
 * rest of the configuration.
 * @example
 * defineResource({
 *   kind: 'application',
 *   title: 'App registrations',
 *   mode: 'delta',
 *   path: '/applications/delta',
 *   select: ['id', 'appId', 'displayName', 'passwordCredentials'],
 *   key: 'id',
 *   anyOf: ['Application.Read.All', 'Directory.Read.All'],
 * })
 */
export const defineResource = <const Property extends string>(
  declaration: ResourceDeclaration<Property>,
): ResourceDefinition => declaration

const DAY_MILLISECONDS = 24 * 3_600_000
/** Delta tokens of directory objects are documented to live seven days. @see https://learn.microsoft.com/graph/delta-query-overview#token-duration */
export const DELTA_LIFE_MILLISECONDS = 6.5 * DAY_MILLISECONDS
/** From so old on a link goes before others: when it has grown too old everything is read anew, which costs far more. */
export const DELTA_HURRIES_MILLISECONDS = 5 * DAY_MILLISECONDS

/** How many objects there are, or were written, of each kind: of the built-in ones always, of others where there are any. */
export type ResourceCounts = Readonly<Record<BuiltInKind, number> & Record<string, number>>

const NONE = Object.fromEntries(BUILT_IN_KINDS.map((kind) => [kind, 0])) as Record<BuiltInKind, number>

export const countsOf = (counted: Readonly<Record<string, number>>): ResourceCounts => ({ ...NONE, ...counted })

/** What is read of a kind, as people read it: Devices. One without a title is named for what it is: administrativeUnit, Administrative unit. */
export function titleOf({ kind, title }: Pick<ResourceDefinition, 'kind' | 'title'>): string {
  if (title !== undefined) return title
  const words = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** One object of a customer's directory, as Graph gave it. */
export type DirectoryResource = {
  kind: ResourceKind
  id: ObjectId
  displayName: string | null
  /** The properties that were selected, as Graph gave them; id and name are among them. */
  properties: Record<string, unknown>
}

/** Who has come into a group or left it. */
export type MembershipChange = { groupId: ObjectId; memberId: ObjectId; memberType: string; removed: boolean }

/**
 * The objects of a page as Graph sent them: their ids, each once, and the JSON of `{ "value": [ … ] }` with exactly these
 * objects in it. A page of a thousand objects passes through as one text, instead of being taken apart and written anew.
 */
export type Objects = { ids: readonly ObjectId[]; json: string }

/** What Graph tells on a page: objects as they are now, objects that are gone, and members that came or went. */
export type Changes = {
  changed: Objects
  removed: readonly ObjectId[]
  members: readonly MembershipChange[]
}

/** One page of what Graph tells. */
export type ChangePage = {
  /**
   * The page as it came, UTF-8, where it seems to hold nothing but objects as they are now; nobody has looked at them.
   * Null where it was taken apart already.
   */
  asItCame: Uint8Array | null
  /** The page taken apart, at the latest now. @throws Problem ANSWER_UNREADABLE */
  changes(): Changes
  /** Gives the memory of a page back that is stored; nothing may be asked of it any more. */
  free(): void
  /** Where the next page is; null on the last one. */
  nextLink: string | null
  /** On the last page of a delta: where to ask what has changed since. */
  deltaLink: string | null
}
