import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { AppRoleId, ClientId, GenerationId, ObjectId, RunId, SignUpId, TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'
import type { DirectoryResource, ResourceKind } from '#model/resource.ts'
import type { TenantState } from '#model/tenant.ts'
import type { Cursor } from '#store/cursors.ts'
import { asTenant, type Store } from '#store/database/open.ts'
import { connectTenant } from '#store/tenants.ts'

/** Ids that nobody else has: tests share a database and never meet. */
export const madeUp = {
  tenantId: () => randomUUID() as TenantId,
  clientId: () => randomUUID() as ClientId,
  objectId: () => randomUUID() as ObjectId,
  appRoleId: () => randomUUID() as AppRoleId,
  signUpId: () => randomUUID() as SignUpId,
  runId: () => randomUUID() as RunId,
  generationId: () => randomUUID() as GenerationId,
}

export const aResource = (kind: ResourceKind, displayName: string, id = madeUp.objectId()): DirectoryResource => ({
  kind,
  id,
  displayName,
  properties: { id, displayName, accountEnabled: true },
})

export const aDiagnosis = (change: Partial<Diagnosis> = {}): Diagnosis => ({
  code: 'SERVICE_PRINCIPAL_MISSING',
  owner: 'customer-administrator',
  message: 'The app is no longer in the tenant.',
  nextStep: 'An administrator signs up again.',
  retry: 'slowly',
  confidence: 'certain',
  ...change,
})

/** A connected tenant, put into `state` behind the table of moves where it has to be. */
export async function aTenant(
  store: Store,
  { id = madeUp.tenantId(), displayName = 'Fabrikam', state = 'active' as TenantState } = {},
): Promise<TenantId> {
  await asTenant(store, id, (sql) =>
    connectTenant(sql, {
      displayName,
      defaultDomain: 'fabrikam.onmicrosoft.com',
      servicePrincipalId: madeUp.objectId(),
      actor: 'administrator:test',
    }),
  )
  if (state !== 'active')
    await store.kysely.transaction().execute(async (db) => {
      await sql`set local role tenantry_fleet`.execute(db)
      await sql`update tenantry.tenants set state = ${state} where id = ${id}`.execute(db)
    })
  return id
}

/** Between two rounds of users. */
export const aCursor = (change: Partial<Cursor> = {}): Cursor => ({
  kind: 'user',
  generation: madeUp.generationId(),
  fingerprint: 'one of a test',
  nextLink: null,
  deltaLink: 'https://graph.example/v1.0/users/delta?$deltatoken=one',
  deltaAt: new Date('2026-01-01T00:00:00Z'),
  removedInRound: 3,
  removalsAllowed: true,
  finishedInRun: null,
  counted: 7,
  trail: { pages: 0, milestone: null },
  keptAt: null,
  ...change,
})
