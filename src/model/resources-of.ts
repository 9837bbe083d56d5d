import type { AppDefinition } from '#model/app.ts'
import { BUILT_IN_RESOURCES } from '#model/built-in-resources.ts'
import { derivedOnce } from '#model/derived-once.ts'
import { type ResourceCounts, type ResourceDefinition, type ResourceKind, titleOf } from '#model/resource.ts'

type Declared = Pick<AppDefinition, 'resources' | 'builtInResources'>
type Asking = Declared & Pick<AppDefinition, 'permissions'>

/** What a directory sync of this app reads, in this order: what is built in, as the app wants it, and its own. */
export const resourcesOf = derivedOnce(
  ({ resources = [], builtInResources: wanted = {} }: Declared): readonly ResourceDefinition[] => [
    ...BUILT_IN_RESOURCES.flatMap((definition) => {
      const change = wanted[definition.kind]
      if (change === false) return []
      return change ? { ...definition, select: [...definition.select, ...change.alsoSelect] } : definition
    }),
    ...resources,
  ],
)

/** Those that these permissions let the app read. */
export const readableResources = (app: Declared, permissions: readonly { value: string }[]): ResourceDefinition[] =>
  resourcesOf(app).filter(({ anyOf }) => permissions.some(({ value }) => anyOf.includes(value)))

/** Those that the permissions which the app declares let it read. */
export const resourcesReadBy = (app: Asking): ResourceDefinition[] => readableResources(app, app.permissions)

/** A kind as people are shown it. */
export type ShownKind = {
  kind: ResourceKind
  title: string
  /** Whether it is read today; of one that was taken out of the configuration objects may be left. */
  isRead: boolean
}

/** What people are told figures of: people, groups, the app's own kinds, and what is left of kinds that are no longer read. */
export function shownKinds(app: Asking, counts: ResourceCounts): ShownKind[] {
  const read = resourcesReadBy(app)
  const isRead = (kind: ResourceKind) => read.some((definition) => definition.kind === kind)
  const own = app.resources ?? []
  const known = BUILT_IN_RESOURCES.filter(({ kind }) => ALWAYS_SHOWN.includes(kind))
  const shown = [...known, ...own].filter(({ kind }) => isRead(kind))
  const left = Object.entries(counts).flatMap(([kind, count]) => (count > 0 && !isRead(kind) ? [kind] : []))
  return [
    ...shown.map((definition) => ({ kind: definition.kind, title: titleOf(definition), isRead: true })),
    ...left.map((kind) => ({
      kind,
      title: titleOf(BUILT_IN_RESOURCES.find((definition) => definition.kind === kind) ?? { kind }),
      isRead: false,
    })),
  ]
}

const ALWAYS_SHOWN: readonly ResourceKind[] = ['user', 'group']
