import { firstObject } from '#graph/directory-objects.ts'
import type { Graph } from '#graph/open.ts'

/** @see https://learn.microsoft.com/graph/api/group-list */
export const firstGroup = (graph: Graph): Promise<void> => firstObject(graph, 'groups')
