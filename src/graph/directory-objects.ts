import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { type Page, pages } from '#graph/pages.ts'
import { objectId, readAs } from '#graph/read-as.ts'
import type { DirectoryResource, ResourceKind } from '#model/resource.ts'

const object = z.looseObject({ id: objectId, displayName: z.string().nullish() })

/** The largest page that directory objects come in. @see https://learn.microsoft.com/graph/api/user-list#optional-query-parameters */
const PAGE_SIZE = 999

export type Selection = { kind: ResourceKind; collection: 'users' | 'groups'; select: readonly string[] }

/** Every object of one kind, page by page; asking only for what is stored keeps each page at one resource unit. */
export const resourcePages = (
  graph: Graph,
  { kind, collection, select }: Selection,
  { signal }: { signal?: AbortSignal } = {},
): AsyncIterable<Page<DirectoryResource>> =>
  pages(graph, {
    path: `/${collection}?$select=${select.join(',')}&$top=${PAGE_SIZE}`,
    parse: (json) => {
      const { id, displayName, ...properties } = readAs(object, json)
      return { kind, id, displayName: displayName ?? null, properties }
    },
    ...(signal ? { signal } : {}),
  })
