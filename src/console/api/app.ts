import { OpenAPIHono } from '@hono/zod-openapi'
import { onlyOperatorsApi } from '#console/api/callers.ts'
import {
  presentAuditPage,
  presentCredential,
  presentDeadLetter,
  presentIncident,
  presentJob,
  presentLagging,
  presentQueue,
  presentRun,
  presentTenant,
  presentTenantJob,
  presentUnderWay,
  presentWorker,
} from '#console/api/present.ts'
import { problemAnswer } from '#console/api/problem-answer.ts'
import { ROUTES } from '#console/api/routes.ts'
import { actorOf, type Door, type Env, invitationLink } from '#console/door.ts'
import { listCredentials } from '#flows/credentials/list-credentials.ts'
import { listLagging } from '#flows/fleet/list-lagging.ts'
import { closeIncidentBy } from '#flows/incidents/close-incident.ts'
import { listGivenUp } from '#flows/queue/list-given-up.ts'
import { listJobs } from '#flows/queue/list-jobs.ts'
import { listTenantJobs } from '#flows/queue/list-tenant-jobs.ts'
import { retryDeadLetter } from '#flows/queue/retry-dead-letter.ts'
import { allowRemoval } from '#flows/sync/allow-removal.ts'
import { syncNow } from '#flows/sync/sync-now.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { pauseTenant, resumeTenant } from '#flows/tenants/pause-tenant.ts'
import { listTenantsFor, showTenant } from '#flows/tenants/show-tenants.ts'
import { knownTenant, verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { listUnderWay, queueDepth } from '#jobs/inspect.ts'
import { listWorkers } from '#jobs/workers.ts'
import type { IncidentId } from '#model/incident.ts'
import { pageOfAudit } from '#store/audit.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { listRuns } from '#store/sync-runs.ts'

/** The HTTP API: what the console's pages do, for programs. Failures are left to the site's own error handler. */
export function apiRoutes(door: Door): OpenAPIHono<Env> {
  const { tools } = door
  const { store, jobs } = tools
  const api = new OpenAPIHono<Env>({
    defaultHook: (result, c) => {
      if (result.success) return undefined
      const mistakes = result.error.issues.map(({ path, message }) => ({ at: path.map(String).join('.'), message }))
      const told = { code: 'REQUEST_INVALID', owner: 'operator', message: 'The request is not understood.' } as const
      return problemAnswer(c, { ...told, nextStep: 'See /api/v1/openapi.json for its shape.' }, 400, { mistakes })
    },
  })

  api.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: `${tools.config.consoleUrl.startsWith('https:') ? '__Host-' : ''}tenantry-operator`,
    description: 'The console’s own session, for pages of the same origin.',
  })
  api.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of the home tenant for this application, with the app role Tenantry.Operator.',
  })
  api.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: `${tools.config.app.name} console`,
      version: '1',
      description: 'Looks after the tenants that have signed up. Every refusal is a problem of RFC 9457.',
    },
    servers: [{ url: `${tools.config.consoleUrl}/api/v1` }],
  })

  api.use(onlyOperatorsApi(door))

  api.openapi(ROUTES.listTenants, async (c) => {
    const { limit, state, search, after } = c.req.valid('query')
    const found = await listTenantsFor(tools, {
      limit: limit + 1,
      ...(state ? { state } : {}),
      ...(search ? { search } : {}),
      ...(after ? { after } : {}),
    })
    const tenants = found.slice(0, limit)
    return c.json(
      { tenants: tenants.map(presentTenant), next: found.length > limit ? (tenants.at(-1)?.id ?? null) : null },
      200,
    )
  })

  api.openapi(ROUTES.getTenant, async (c) => {
    const { tenantId } = c.req.valid('param')
    const { tenant, counts, grants, nextTryAt } = await showTenant(tools, tenantId)
    return c.json(
      {
        ...presentTenant(tenant),
        counts,
        grants: grants.map((grant) => ({ ...grant, seenAt: grant.seenAt.toISOString() })),
        invitation: invitationLink(door, tenantId),
        nextTryAt: nextTryAt?.toISOString() ?? null,
      },
      200,
    )
  })

  api.openapi(ROUTES.listTenantRuns, async (c) => {
    const { tenantId } = c.req.valid('param')
    await knownTenant(tools, tenantId)
    const runs = await asTenant(store, tenantId, (sql) => listRuns(sql, c.req.valid('query')))
    return c.json({ runs: runs.map(presentRun) }, 200)
  })

  api.openapi(ROUTES.listTenantAudit, async (c) => {
    const { tenantId } = c.req.valid('param')
    await knownTenant(tools, tenantId)
    const found = await asTenant(store, tenantId, (sql) => pageOfAudit(sql, c.req.valid('query')))
    return c.json(presentAuditPage(found), 200)
  })

  api.openapi(ROUTES.verifyTenant, async (c) => {
    const order = { tenantId: c.req.valid('param').tenantId, actor: actorOf(c.get('operator')) }
    const { tenant, missing, diagnosis } = await verifyTenant(tools, order)
    door.fleet.forget()
    return c.json({ tenant: presentTenant(tenant), missing: [...missing], diagnosis }, 200)
  })

  api.openapi(ROUTES.syncTenant, async (c) => {
    await syncNow(tools, { tenantId: c.req.valid('param').tenantId, actor: actorOf(c.get('operator')) })
    door.fleet.forget()
    return c.json({ queued: true as const }, 202)
  })

  api.openapi(ROUTES.pauseTenant, async (c) => {
    const order = { ...c.req.valid('param'), ...c.req.valid('json'), actor: actorOf(c.get('operator')) }
    const tenant = await pauseTenant(tools, order)
    door.fleet.forget()
    return c.json(presentTenant(tenant), 200)
  })

  api.openapi(ROUTES.resumeTenant, async (c) => {
    const order = { ...c.req.valid('param'), ...c.req.valid('json'), actor: actorOf(c.get('operator')) }
    const tenant = await resumeTenant(tools, order)
    door.fleet.forget()
    return c.json(presentTenant(tenant), 200)
  })

  api.openapi(ROUTES.allowRemoval, async (c) => {
    const order = { ...c.req.valid('param'), ...c.req.valid('json'), actor: actorOf(c.get('operator')) }
    const tenant = await allowRemoval(tools, order)
    door.fleet.forget()
    return c.json(presentTenant(tenant), 200)
  })

  api.openapi(ROUTES.offboardTenant, async (c) => {
    const { tenantId } = c.req.valid('param')
    const { reason, displayName } = c.req.valid('json')
    const known = await knownTenant(tools, tenantId)
    // Typed as never: problem+json is written by hand, and the framework knows answers of its own only.
    if (displayName !== known.displayName)
      return problemAnswer(
        c,
        {
          code: 'REQUEST_INVALID',
          owner: 'operator',
          message: 'The name is not that of the tenant. Nothing was done.',
          nextStep: 'Send the tenant’s displayName, exactly.',
        },
        400,
        { mistakes: [{ at: 'displayName', message: 'is not the tenant’s name' }] },
      ) as never
    const tenant = await offboardTenant(tools, { tenantId, reason, actor: actorOf(c.get('operator')) })
    door.fleet.forget()
    return c.json(presentTenant(tenant), 200)
  })

  api.openapi(ROUTES.listRuns, async (c) => {
    const runs = await asFleet(store, (sql) => listRuns(sql, c.req.valid('query')))
    return c.json({ runs: runs.map(presentRun) }, 200)
  })

  api.openapi(ROUTES.listAudit, async (c) => {
    const found = await asFleet(store, (sql) => pageOfAudit(sql, c.req.valid('query')))
    return c.json(presentAuditPage(found), 200)
  })

  api.openapi(ROUTES.listTenantJobs, async (c) => {
    const found = await listTenantJobs(tools, c.req.valid('param').tenantId)
    return c.json(
      { jobs: found.jobs.map(presentTenantJob), deadLetters: found.deadLetters.map(presentDeadLetter) },
      200,
    )
  })

  api.openapi(ROUTES.listJobs, async (c) => c.json({ jobs: (await listJobs(tools)).map(presentJob) }, 200))

  api.openapi(ROUTES.listWorkers, async (c) => c.json({ workers: (await listWorkers(jobs)).map(presentWorker) }, 200))

  api.openapi(ROUTES.listUnderWay, async (c) => {
    const found = await listUnderWay(jobs, c.req.valid('query'))
    return c.json({ jobs: found.map(presentUnderWay) }, 200)
  })

  api.openapi(ROUTES.listDeadLetters, async (c) => {
    const found = await listGivenUp(tools, c.req.valid('query'))
    return c.json({ deadLetters: found.map(presentDeadLetter) }, 200)
  })

  api.openapi(ROUTES.retryDeadLetter, async (c) => {
    await retryDeadLetter(tools, { ...c.req.valid('param'), actor: actorOf(c.get('operator')) })
    door.fleet.forget()
    return c.json({ queued: true as const }, 202)
  })

  api.openapi(ROUTES.listLag, async (c) => {
    const found = await listLagging(tools, c.req.valid('query'))
    return c.json({ tenants: found.map(presentLagging) }, 200)
  })

  api.openapi(ROUTES.listIncidents, async (c) => {
    const { limit, tenantId } = c.req.valid('query')
    const found = await asFleet(store, (sql) =>
      listIncidents(sql, { limit, ...(tenantId ? { concerning: tenantId } : {}) }),
    )
    return c.json({ incidents: found.map(presentIncident) }, 200)
  })

  api.openapi(ROUTES.closeIncident, async (c) => {
    const id = c.req.valid('param').id as IncidentId
    const closed = await closeIncidentBy(tools, { id, actor: actorOf(c.get('operator')) })
    door.fleet.forget()
    return c.json(presentIncident(closed), 200)
  })

  api.openapi(ROUTES.listCredentials, async (c) => {
    const { credentials, registrationRead } = await listCredentials(tools)
    const now = tools.clock.now()
    return c.json({ credentials: credentials.map((one) => presentCredential(one, now)), registrationRead }, 200)
  })

  api.openapi(ROUTES.getQueue, async (c) => c.json({ queue: (await queueDepth(jobs)).map(presentQueue) }, 200))
  return api
}
