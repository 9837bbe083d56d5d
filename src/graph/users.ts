import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { type Page, pages } from '#graph/pages.ts'
import { objectId, readAs } from '#graph/read-as.ts'
import type { ObjectId } from '#model/ids.ts'

export type User = { id: ObjectId; displayName: string | null }

const user = z.object({ id: objectId, displayName: z.string().nullish() })

/** Everybody in the tenant, 999 a page, which is as many as Graph gives. @see https://learn.microsoft.com/graph/api/user-list */
export const userPages = (graph: Graph, { signal }: { signal?: AbortSignal } = {}): AsyncIterable<Page<User>> =>
  pages(graph, {
    path: '/users?$select=id,displayName&$top=999',
    parse(json) {
      const { id, displayName } = readAs(user, json)
      return { id, displayName: displayName ?? null }
    },
    ...(signal ? { signal } : {}),
  })
