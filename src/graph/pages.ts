import { z } from 'zod'
import { unreadable } from '#graph/errors.ts'
import type { Graph } from '#graph/open.ts'
import { request } from '#graph/request.ts'
import { Problem } from '#model/problem.ts'

export type Page<Item> = { items: Item[]; nextLink: string | null }

const collection = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() })
/** A link that leads in a circle must not keep a job for ever: 100 million objects in pages of 999. */
const MAX_PAGES = 100_000

/**
 * Every page of a collection, one in memory at a time. Each next link is checked before anything is sent to it.
 * @see https://learn.microsoft.com/graph/paging
 */
export async function* pages<Item>(
  graph: Graph,
  {
    path,
    parse,
    headers,
    signal,
  }: { path: string; parse: (json: unknown) => Item; headers?: Record<string, string>; signal?: AbortSignal },
): AsyncGenerator<Page<Item>> {
  let next: string | null = path
  for (let count = 0; next !== null; count++) {
    if (count >= MAX_PAGES) throw endless()
    const json: unknown = await request(graph, {
      path: next,
      ...(headers ? { headers } : {}),
      ...(signal ? { signal } : {}),
    })
    const page = collection.safeParse(json)
    if (!page.success) throw unreadable('Microsoft Graph sent a page that is not a collection.')
    next = page.data['@odata.nextLink'] ?? null
    yield { items: page.data.value.map(parse), nextLink: next }
  }
}

/** All items of a collection that is known to be small. */
export async function everyItem<Item>(
  graph: Graph,
  options: { path: string; parse: (json: unknown) => Item },
): Promise<Item[]> {
  const items: Item[] = []
  for await (const page of pages(graph, options)) items.push(...page.items)
  return items
}

const endless = () =>
  new Problem({
    code: 'ANSWER_UNREADABLE',
    owner: 'microsoft',
    message: `Microsoft Graph sent more than ${MAX_PAGES} pages.`,
    nextStep: 'Report it to Microsoft’s support: the pages may lead in a circle.',
    retry: 'slowly',
    confidence: 'probable',
  })
