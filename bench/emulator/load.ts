import { readFileSync } from 'node:fs'
import { Client } from 'undici'

/** What to ask, over so many connections kept alive, and for how long. */
export type Order = {
  url: string
  caFile: string
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
  connections: number
  /** Follows next links round and round instead of asking the same again. */
  followsLinks: boolean
  warmUpMilliseconds: number
  milliseconds: number
}

/** Asks as fast as it is answered, in a process of its own, and prints how many answers came a second. */
const order = JSON.parse(process.argv[2] ?? '') as Order
const { origin, pathname, search } = new URL(order.url)
const first = pathname + search
const ca = readFileSync(order.caFile, 'utf8')
const startedAt = performance.now()
const from = startedAt + order.warmUpMilliseconds
const until = from + order.milliseconds
let answers = 0

const NEXT = Buffer.from('"@odata.nextLink":"')

/** The link stands in front of the items: no page is parsed for it. */
function nextIn(page: Buffer): string {
  const at = page.subarray(0, 2_000).indexOf(NEXT)
  if (at === -1) return first
  const start = at + NEXT.length
  return page.toString('latin1', start, page.indexOf('"', start)).slice(origin.length)
}

async function ask(): Promise<void> {
  const client = new Client(origin, { connect: { ca } })
  let path = first
  while (performance.now() < until) {
    const { statusCode, body } = await client.request({
      path,
      method: order.method,
      headers: order.headers,
      body: order.body ?? null,
    })
    // Only the beginning is looked at: who asks must not be what limits.
    let beginning: Buffer | null = null
    for await (const chunk of body as AsyncIterable<Buffer>) beginning ??= chunk
    if (statusCode !== 200) throw new Error(`${order.url} answered ${statusCode}: ${beginning}`)
    if (order.followsLinks && beginning !== null) path = nextIn(beginning)
    if (performance.now() >= from) answers += 1
  }
  await client.close()
}

await Promise.all(Array.from({ length: order.connections }, ask))
console.log(JSON.stringify((answers * 1_000) / (performance.now() - from)))
