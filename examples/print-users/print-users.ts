// The same daemon as a program of your own: Microsoft's Graph client, ready-made for one customer's tenant.
// node --env-file=settings.env print-users.ts TENANT-ID
import { PageIterator } from '@microsoft/microsoft-graph-client'
import { openTenantry } from 'tenantry'
import app from './tenantry.config.ts'

await using tenantry = await openTenantry({ app, env: process.env })
const { graph } = tenantry.forTenant(process.argv[2] ?? '')

let users = 0
const firstPage = await graph.api('/users').select('displayName').top(999).get()
const everyPage = new PageIterator(graph, firstPage, ({ displayName }: { displayName: string }) => {
  console.log(displayName)
  users += 1
  return true
})
await everyPage.iterate()
console.log(`\n${users} users.`)
