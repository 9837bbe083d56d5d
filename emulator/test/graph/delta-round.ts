import assert from 'node:assert/strict'
import type { Ask } from '#emulator/test/graph/support.ts'

/** Follows one round to its delta link. */
export async function round(client: Ask, path: string, headers: Record<string, string> = {}) {
  // biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
  const items: any[] = []
  let pages = 0
  for (let next = path; ; ) {
    const { status, body, text } = await client(next, { headers })
    assert.equal(status, 200, text)
    assert.equal(Number('@odata.nextLink' in body) + Number('@odata.deltaLink' in body), 1, 'exactly one of the two')
    items.push(...body.value)
    pages += 1
    if (body['@odata.deltaLink']) return { items, pages, deltaLink: String(body['@odata.deltaLink']) }
    next = body['@odata.nextLink']
  }
}
