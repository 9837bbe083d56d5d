import { firstObject, resourcePages, type Selection } from '#graph/directory-objects.ts'
import type { Graph } from '#graph/open.ts'

const GROUPS: Selection = {
  kind: 'group',
  collection: 'groups',
  select: ['id', 'displayName', 'description', 'mail', 'mailEnabled', 'securityEnabled', 'groupTypes', 'visibility'],
}

/** @see https://learn.microsoft.com/graph/api/group-list */
export const groupPages = (graph: Graph, options: { signal?: AbortSignal } = {}) =>
  resourcePages(graph, GROUPS, options)
export const firstGroup = (graph: Graph): Promise<void> => firstObject(graph, GROUPS)
