import { resourcePages, type Selection } from '#graph/directory-objects.ts'
import type { Graph } from '#graph/open.ts'

const USERS: Selection = {
  kind: 'user',
  collection: 'users',
  select: ['id', 'displayName'],
}

/** @see https://learn.microsoft.com/graph/api/user-list */
export const userPages = (graph: Graph, options: { signal?: AbortSignal } = {}) => resourcePages(graph, USERS, options)
