import { createRoute, z } from '@hono/zod-openapi'
import {
  auditEntry,
  limitOf,
  problem,
  queueDepth,
  reason,
  run,
  tenant,
  tenantDetail,
  tenantParam,
  tenantQuery,
  verification,
} from '#console/api/schemas.ts'

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
const refused = (description: string) => ({ description, content: { 'application/problem+json': { schema: problem } } })
const always = { 401: refused('Nobody is signed in.'), 403: refused('The caller is no operator.') }
const ofTenant = { ...always, 400: refused('The request is not understood.'), 404: refused('There is no such tenant.') }
const body = <Schema extends z.ZodType>(schema: Schema, required = true) => ({
  body: { required, content: { 'application/json': { schema } } },
})
const page = z.object({ limit: limitOf(50) })
const TENANTS = ['Tenants']
const FLEET = ['Fleet']
const security = [{ session: [] }, { bearer: [] }]

/** Every route of the API, as the OpenAPI document tells it. */
export const ROUTES = {
  listTenants: createRoute({
    method: 'get',
    path: '/tenants',
    operationId: 'listTenants',
    summary: 'Tenants in the order of their names',
    tags: TENANTS,
    security,
    request: { query: tenantQuery },
    responses: {
      200: json(
        z.object({ tenants: z.array(tenant), next: z.guid().nullable() }),
        'One page; `next` asks for the one after it.',
      ),
      ...always,
      400: refused('The request is not understood.'),
    },
  }),
  getTenant: createRoute({
    method: 'get',
    path: '/tenants/{tenantId}',
    operationId: 'getTenant',
    summary: 'One tenant: its state and why, its permissions, what is stored',
    tags: TENANTS,
    security,
    request: { params: tenantParam },
    responses: { 200: json(tenantDetail, 'The tenant.'), ...ofTenant },
  }),
  listTenantRuns: createRoute({
    method: 'get',
    path: '/tenants/{tenantId}/runs',
    operationId: 'listTenantRuns',
    summary: 'Its runs, the latest first',
    tags: TENANTS,
    security,
    request: { params: tenantParam, query: page },
    responses: { 200: json(z.object({ runs: z.array(run) }), 'The runs.'), ...ofTenant },
  }),
  listTenantAudit: createRoute({
    method: 'get',
    path: '/tenants/{tenantId}/audit',
    operationId: 'listTenantAudit',
    summary: 'What was done with it, the latest first',
    tags: TENANTS,
    security,
    request: { params: tenantParam, query: page },
    responses: { 200: json(z.object({ audit: z.array(auditEntry) }), 'The entries.'), ...ofTenant },
  }),
  verifyTenant: createRoute({
    method: 'post',
    path: '/tenants/{tenantId}/verify',
    operationId: 'verifyTenant',
    summary: 'Look whether the app still works in it, and correct its state',
    tags: TENANTS,
    security,
    request: { params: tenantParam },
    responses: { 200: json(verification, 'What was found.'), ...ofTenant },
  }),
  syncTenant: createRoute({
    method: 'post',
    path: '/tenants/{tenantId}/sync',
    operationId: 'syncTenant',
    summary: 'Read its directory now instead of at its next turn',
    tags: TENANTS,
    security,
    request: { params: tenantParam },
    responses: {
      202: json(z.object({ queued: z.literal(true) }), 'A run has been asked for.'),
      ...ofTenant,
      409: refused('The daemon does not work for it in its state.'),
    },
  }),
  pauseTenant: createRoute({
    method: 'post',
    path: '/tenants/{tenantId}/pause',
    operationId: 'pauseTenant',
    summary: 'Let the daemon leave it alone',
    tags: TENANTS,
    security,
    request: { params: tenantParam, ...body(z.object({ reason })) },
    responses: { 200: json(tenant, 'The tenant, suspended.'), ...ofTenant, 409: refused('Not from its state.') },
  }),
  resumeTenant: createRoute({
    method: 'post',
    path: '/tenants/{tenantId}/resume',
    operationId: 'resumeTenant',
    summary: 'Let the daemon work for it again',
    tags: TENANTS,
    security,
    request: { params: tenantParam, ...body(z.object({ reason })) },
    responses: { 200: json(tenant, 'The tenant, active.'), ...ofTenant, 409: refused('Not from its state.') },
  }),
  offboardTenant: createRoute({
    method: 'post',
    path: '/tenants/{tenantId}/offboard',
    operationId: 'offboardTenant',
    summary: 'Stop for good and delete everything read from its directory',
    tags: TENANTS,
    security,
    request: {
      params: tenantParam,
      ...body(z.object({ reason, displayName: z.string().openapi({ description: 'The tenant’s name, to be sure.' }) })),
    },
    responses: { 200: json(tenant, 'The tenant, offboarded.'), ...ofTenant, 409: refused('Not from its state.') },
  }),
  listRuns: createRoute({
    method: 'get',
    path: '/runs',
    operationId: 'listRuns',
    summary: 'Runs of all tenants, the latest first',
    tags: FLEET,
    security,
    request: { query: page },
    responses: { 200: json(z.object({ runs: z.array(run) }), 'The runs.'), ...always },
  }),
  listAudit: createRoute({
    method: 'get',
    path: '/audit',
    operationId: 'listAudit',
    summary: 'What was done with all tenants, the latest first',
    tags: FLEET,
    security,
    request: { query: page },
    responses: { 200: json(z.object({ audit: z.array(auditEntry) }), 'The entries.'), ...always },
  }),
  getQueue: createRoute({
    method: 'get',
    path: '/queue',
    operationId: 'getQueue',
    summary: 'How much of each kind of job waits, runs and has failed',
    tags: FLEET,
    security,
    responses: { 200: json(z.object({ queue: z.array(queueDepth) }), 'The queue.'), ...always },
  }),
} as const
