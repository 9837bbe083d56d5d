import { readFileSync } from 'node:fs'
import { Client, type PageCollection, PageIterator } from '@microsoft/microsoft-graph-client'
import pg from 'pg'
import { Agent, request } from 'undici'
import { openLog } from '#base/log.ts'
import { appToken } from '#entra/app-token.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { BUILT_IN_RESOURCES } from '#model/built-in-resources.ts'
import type { TenantId } from '#model/ids.ts'
import { asTenant } from '#store/database/open.ts'
import { connectTenant } from '#store/tenants.ts'
import { openTools } from '#tools.ts'
import { configFor, type Where } from '../installation.ts'
import type { Reader } from './program.ts'

/** One reading in a process of its own, so that its memory is its own. Prints a line of JSON. */
const { reader, tenantId, where } = JSON.parse(process.argv[2] ?? '') as {
  reader: Reader
  tenantId: TenantId
  where: Where
}
const config = configFor(where)
await using tools = await openTools(config, { log: openLog('warn'), work: false })
await asTenant(tools.store, tenantId, (sql) =>
  connectTenant(sql, { displayName: 'T', defaultDomain: null, servicePrincipalId: tenantId as never, actor: 'bench' }),
)
const token = (await appToken(tools.entra, tenantId)).value
const select = BUILT_IN_RESOURCES.find(({ kind }) => kind === 'user')?.select.join(',')
const first = `${where.origin}/v1.0/users/delta?$select=${select}`
const prefer = { prefer: 'odata.maxpagesize=999' }

type User = { id: string; displayName?: string }
type Page = { value: User[]; '@odata.nextLink'?: string }

async function bare(): Promise<void> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(where.caFile) } })
  let people = 0
  for (let url: string | undefined = first; url; ) {
    const { body } = await request(url, { dispatcher, headers: { authorization: `Bearer ${token}`, ...prefer } })
    const page = (await body.json()) as Page
    people += page.value.length
    url = page['@odata.nextLink']
  }
  if (people === 0) throw new Error('Nothing was read.')
  await dispatcher.close()
}

const UPSERT_ROW = `insert into people (id, name, properties) values ($1, $2, $3) on conflict (id) do update set name = excluded.name, properties = excluded.properties`

/** What somebody would write with Microsoft's own client in an afternoon. */
async function sdk(batched: boolean): Promise<void> {
  const pool = new pg.Pool({ connectionString: where.databaseUrl, max: 4 })
  await pool.query('create table people (id uuid primary key, name text, properties jsonb)')
  const client = Client.init({
    baseUrl: `${where.origin}/`,
    customHosts: new Set([new URL(where.origin).hostname]),
    authProvider: (done) => done(null, token),
  })
  let batch: User[] = []
  const flush = async () => {
    if (batch.length === 0) return
    await pool.query(
      `insert into people (id, name, properties)
       select (p->>'id')::uuid, p->>'displayName', p from jsonb_array_elements($1::jsonb) p
       on conflict (id) do update set name = excluded.name, properties = excluded.properties`,
      [JSON.stringify(batch)],
    )
    batch = []
  }
  const collection = (await client
    .api(first.replace(where.origin, ''))
    .version('')
    .header('prefer', prefer.prefer)
    .get()) as PageCollection
  const iterator = new PageIterator(
    client,
    collection,
    (user: User) => {
      batch.push(user)
      return batched ? batch.length < 999 : false
    },
    { headers: prefer },
  )
  for (let begun = false; !iterator.isComplete(); begun = true) {
    await (begun ? iterator.resume() : iterator.iterate())
    if (batched) await flush()
    else {
      for (const user of batch) await pool.query(UPSERT_ROW, [user.id, user.displayName ?? null, JSON.stringify(user)])
      batch = []
    }
  }
  await pool.end()
}

const READERS: Record<Reader, () => Promise<void>> = {
  ours: () => syncTenant(tools, { tenantId, signal: new AbortController().signal }),
  bare,
  'sdk-batched': () => sdk(true),
  'sdk-rows': () => sdk(false),
}
const startedAt = performance.now()
await READERS[reader]()
const milliseconds = performance.now() - startedAt
console.log(JSON.stringify({ milliseconds, megabytes: process.resourceUsage().maxRSS / 1_024 }))
