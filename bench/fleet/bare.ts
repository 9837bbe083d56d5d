import { readFileSync } from 'node:fs'
import { Agent, request } from 'undici'
import { APP, SECRET, type Where } from '../installation.ts'

type Order = {
  where: Where
  concurrency: number
  asked: { tenantId: string; deltaLink: string }[]
  /** The last one is measured. */
  rounds: number
}

/** For each tenant a token and one request, parsed, and nothing else. Prints how long it took. */
const { where, concurrency, asked, rounds } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Order
const dispatcher = new Agent({ connect: { ca: readFileSync(where.caFile) }, connections: concurrency })

async function work(left: Iterable<Order['asked'][number]>): Promise<void> {
  for (const { tenantId, deltaLink } of left) {
    const answer = await request(`${where.origin}/${tenantId}/oauth2/v2.0/token`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: APP,
        client_secret: SECRET,
        scope: 'https://graph.microsoft.com/.default',
      }).toString(),
    })
    const { access_token: token } = (await answer.body.json()) as { access_token?: string }
    if (!token) throw new Error(`No token for ${tenantId}.`)
    const { body, statusCode } = await request(deltaLink, { dispatcher, headers: { authorization: `Bearer ${token}` } })
    const page = (await body.json()) as { value?: unknown[] }
    if (statusCode !== 200 || page.value?.length !== 0) throw new Error(`Something has changed in ${tenantId}.`)
  }
}
let milliseconds = 0
for (let round = 0; round < rounds; round++) {
  const left = asked.values()
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: concurrency }, () => work(left)))
  milliseconds = performance.now() - startedAt
}
console.log(JSON.stringify({ milliseconds }))
await dispatcher.close()
