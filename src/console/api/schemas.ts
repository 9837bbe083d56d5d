import { z } from '@hono/zod-openapi'
import { parseTenantId, type TenantId } from '#model/ids.ts'
import { PROBLEM_CODES } from '#model/problem.ts'
import { TENANT_STATES } from '#model/tenant.ts'

const MAX_LIMIT = 500
const guid = z.guid()
/** A moment, as JSON carries it. */
const moment = z.iso.datetime()
const count = z.number().int().min(0)
/** By kind: the built-in ones always, and the app’s own. */
const counts = z.object({ user: count, group: count }).catchall(count)

/** The shapes of the API. What leaves is written by `present.ts`; these describe it and check what comes in. */
export const tenantState = z.enum(TENANT_STATES).openapi('TenantState')
const owner = z
  .enum(['customer-administrator', 'operator', 'microsoft', 'nobody'])
  .openapi('Owner', { description: 'Who can mend it; nobody: waiting mends it.' })

export const diagnosis = z
  .object({
    code: z.enum(PROBLEM_CODES),
    owner,
    message: z.string(),
    nextStep: z.string(),
    retry: z.enum(['now', 'backoff', 'slowly', 'never']),
    confidence: z.enum(['certain', 'probable', 'unknown']),
    sourceCode: z.string().optional(),
    traceId: z.string().optional(),
    correlationId: z.string().optional(),
    retryAfterSeconds: z.number().optional(),
  })
  .openapi('Diagnosis')

export const tenant = z
  .object({
    id: guid,
    displayName: z.string(),
    defaultDomain: z.string().nullable(),
    servicePrincipalId: guid.nullable(),
    state: tenantState,
    diagnosis: diagnosis.nullable(),
    connectedAt: moment.nullable(),
    createdAt: moment,
    updatedAt: moment,
  })
  .openapi('Tenant')

export const tenantDetail = tenant
  .extend({
    counts: counts.openapi({ description: 'How many objects are stored of each kind.' }),
    grants: z.array(z.object({ permission: z.string(), status: z.enum(['granted', 'missing']), seenAt: moment })),
    invitation: z.url(),
    nextTryAt: moment
      .nullable()
      .openapi({ description: 'When Microsoft is asked about it next; null: not by itself.' }),
  })
  .openapi('TenantDetail')

export const lagging = z
  .object({
    id: guid,
    displayName: z.string(),
    state: tenantState,
    lagSeconds: z.number().min(0),
    readAt: moment.nullable().openapi({ description: 'When it was last read to the end; null: never.' }),
    dueAt: moment
      .nullable()
      .openapi({ description: 'When it is to be read next, or was to be while it waits for a worker.' }),
    code: z.enum(PROBLEM_CODES).nullable(),
  })
  .openapi('LaggingTenant')

export const run = z
  .object({
    id: guid,
    tenantId: guid,
    job: z.string(),
    state: z.enum(['running', 'waiting', 'succeeded', 'failed', 'interrupted']),
    startedAt: moment,
    finishedAt: moment.nullable(),
    pages: count,
    counts: counts.openapi({ description: 'How many objects the run has written of each kind.' }),
    users: count,
    groups: count,
    removed: count,
    progress: z.string().nullable(),
    diagnosis: diagnosis.nullable(),
  })
  .openapi('Run')

export const auditEntry = z
  .object({
    id: z.string().openapi({ description: 'A later entry has a greater number.' }),
    tenantId: guid.nullable(),
    at: moment,
    actor: z.string(),
    action: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi('AuditEntry')

export const queueDepth = z
  .object({
    name: z.string(),
    ready: count,
    deferred: count,
    active: count,
    failed: count,
    oldestDueAt: moment.nullable(),
  })
  .openapi('QueueDepth')

export const job = z
  .object({
    name: z.string(),
    schedule: z.string(),
    permissions: z.array(z.string()),
    planned: z.object({ tenants: count, nextDueAt: moment.nullable() }).nullable(),
  })
  .openapi('Job')

export const tenantJob = z
  .object({ name: z.string(), schedule: z.string(), nextDueAt: moment.nullable(), lastRun: run.nullable() })
  .openapi('TenantJob')

export const worker = z
  .object({
    host: z.string(),
    pid: z.number().int(),
    startedAt: moment,
    heardAt: moment.openapi({ description: 'A worker that says nothing for a minute and a half is none any more.' }),
  })
  .openapi('Worker', { description: 'A process that does jobs.' })

export const jobUnderWay = z
  .object({
    name: z.string().openapi({ description: 'Which kind of work.' }),
    tenantId: guid.nullable(),
    job: z.string().nullable().openapi({ description: 'Which of the app’s own jobs, where it is one.' }),
    attempt: count.openapi({ description: 'So often it was tried before.' }),
    beganAt: moment,
  })
  .openapi('JobUnderWay')

export const deadLetter = z
  .object({
    id: guid,
    name: z.string(),
    tenantId: guid.nullable(),
    job: z.string().nullable(),
    code: z.string().nullable(),
    diedAt: moment,
    isGone: z.boolean().openapi({ description: 'Whether the configuration has no such job any more.' }),
  })
  .openapi('DeadLetter')

export const incident = z
  .object({
    id: guid,
    tenantId: guid.nullable(),
    code: z.enum(PROBLEM_CODES),
    diagnosis,
    holds: z.boolean(),
    hosts: z
      .array(z.string())
      .openapi({ description: 'The machines on which it goes on; empty where it is not about any.' }),
    times: count,
    openedAt: moment,
    lastAt: moment,
    closedAt: moment.nullable(),
    closedBy: z.string().nullable(),
  })
  .openapi('Incident')

export const credential = z
  .object({
    kind: z.enum(['secret', 'certificate']),
    keyId: guid.nullable(),
    name: z.string().nullable(),
    beginsAt: moment.nullable(),
    expiresAt: moment.nullable(),
    inUse: z.boolean(),
    daysLeft: z.number().int().nullable(),
  })
  .openapi('Credential')

export const verification = z
  .object({ tenant, missing: z.array(z.string()), diagnosis: diagnosis.nullable() })
  .openapi('Verification')

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    owner,
    nextStep: z.string(),
    retry: z.string(),
    mistakes: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem', { description: 'RFC 9457, with who can mend it and what to do next.' })

export const reason = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .openapi({ description: 'Why, for colleagues; it stands in the audit.' })

const tenantId = z.guid('must be a tenant id, a GUID').transform((text) => parseTenantId(text) as TenantId)

export const tenantParam = z.object({
  tenantId: tenantId.openapi({ param: { name: 'tenantId', in: 'path' }, type: 'string', format: 'uuid' }),
})

export const idParam = z.object({
  id: z.guid('must be a GUID').openapi({ param: { name: 'id', in: 'path' } }),
})

export const limitOf = (usual: number) => z.coerce.number().int().min(1).max(MAX_LIMIT).default(usual)

/** As many digits as surely fit into the database's number. */
export const auditId = z.string().regex(/^\d{1,18}$/, 'must be the id of an entry')

export const auditQuery = z.object({
  limit: limitOf(50),
  before: auditId.optional().openapi({ description: 'Continues behind this entry, farther back: what `next` said.' }),
})

export const incidentQuery = z.object({
  tenantId: tenantId.optional().openapi({
    type: 'string',
    format: 'uuid',
    description: 'Only those about this tenant, and those that hold the work for everybody.',
  }),
  limit: limitOf(50),
})

export const tenantQuery = z.object({
  state: tenantState.optional(),
  search: z.string().trim().max(200).optional().openapi({ description: 'A part of the name, the domain or the id.' }),
  after: z
    .guid('must be a tenant id, a GUID')
    .transform((text) => parseTenantId(text) as TenantId)
    .optional()
    .openapi({ type: 'string', format: 'uuid', description: 'Continues behind this tenant: what `next` said.' }),
  limit: limitOf(100),
})
