import { openLog } from '#base/log.ts'
import type { Mistake } from '#config/mistake.ts'
import { readConfig } from '#config.ts'
import { readStored, whenRead } from '#flows/runs/read-stored.ts'
import { listTenantsFor } from '#flows/tenants/show-tenants.ts'
import { openSdkClient } from '#graph/sdk-client.ts'
import type { AppDefinition } from '#model/app.ts'
import { parseTenantId, type TenantId } from '#model/ids.ts'
import type { JobDefinition, JobRun } from '#model/job.ts'
import { type Diagnosis, diagnose, Problem } from '#model/problem.ts'
import type { DirectoryResource, ResourceKind } from '#model/resource.ts'
import type { Tenant, TenantState } from '#model/tenant.ts'
import { openTools } from '#tools.ts'

export type { Mistake } from '#config/mistake.ts'
export {
  type AppDeclaration,
  type AppDefinition,
  type BuiltInChange,
  defineApp,
  type PermissionDeclaration,
} from '#model/app.ts'
export type { BatchItem, BatchOutcome } from '#model/batch.ts'
export type { ApplicationPermission, PermissionName } from '#model/graph-permissions.ts'
export type { ObjectId, TenantId } from '#model/ids.ts'
export type { Checkpoint, JobDatabase, JobDefinition, JobLog, JobSql } from '#model/job.ts'
export type { DeclaredPermission } from '#model/permission.ts'
export { type Confidence, type Diagnosis, type Owner, Problem, type ProblemCode, type Retry } from '#model/problem.ts'
export {
  type BuiltInKind,
  type DirectoryResource,
  defineResource,
  type ResourceDeclaration,
  type ResourceDefinition,
  type ResourceKind,
} from '#model/resource.ts'
export type { Schedule } from '#model/schedule.ts'
export type { Tenant, TenantState } from '#model/tenant.ts'
export type { Limit, TenantSize, ThrottleLimits } from '#model/throttle.ts'

/** The one of `@microsoft/microsoft-graph-client`. */
export type GraphClient = ReturnType<typeof openSdkClient>['client']
/** What one run of a job is given; all of it confined to the tenant. */
export type JobContext = JobRun<GraphClient>

/**
 * A job of your own, done in every tenant on its schedule. It stands in `jobs` of `defineApp` and is checked with the
 * rest of the configuration.
 * @example
 * defineJob({
 *   name: 'count-guests',
 *   schedule: '0 3 * * *',
 *   permissions: ['User.Read.All'],
 *   async run({ tenant, graph, log }) {
 *     const guests = graph.api('/users/$count').header('ConsistencyLevel', 'eventual')
 *     log.info({ guests: await guests.filter("userType eq 'Guest'").get() }, `counted in ${tenant.displayName}`)
 *   },
 * })
 */
export const defineJob = (definition: JobDefinition<GraphClient>): JobDefinition => definition

/** One customer's tenant, ready to be worked in. */
export type TenantHandle = {
  tenantId: TenantId
  /** Microsoft's own Graph client, as the app, in this tenant and no other. */
  graph: GraphClient
  /**
   * What the directory sync has stored of one kind, in the order of their ids; nothing is asked of Microsoft.
   * @throws Problem RESOURCE_UNKNOWN for a kind that the app does not read
   */
  resources(kind: ResourceKind): AsyncGenerator<DirectoryResource>
  /** When that kind was last read to its end; null: not yet, so that `resources` gives what has come so far. */
  readAt(kind: ResourceKind): Promise<Date | null>
  /** What was behind an error that `graph` has thrown: what happened, who can mend it, what to do next. */
  diagnose(error: unknown): Diagnosis
}

/** A program's own way into the tenants. What it opened it closes: `await using`, or call `[Symbol.asyncDispose]`. */
export type Tenantry = {
  /** @throws Problem TENANT_UNKNOWN when the id is not a GUID */
  forTenant(tenantId: string, options?: { signal?: AbortSignal }): TenantHandle
  /** Every tenant that has signed up, or those in one state, in the order of their names. */
  eachTenant(options?: { state?: TenantState; signal?: AbortSignal }): AsyncGenerator<TenantHandle & { tenant: Tenant }>
  [Symbol.asyncDispose](): Promise<void>
}

/** The configuration is wrong; `mistakes` says everything at once. */
export class ConfigurationError extends Error {
  readonly mistakes: readonly Mistake[]
  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map(({ setting, message }) => `${setting}: ${message}`).join('\n'))
    this.name = 'ConfigurationError'
    this.mistakes = mistakes
  }
}

const PAGE = 100

/**
 * Tenantry as a library: for programs of your own that work in customers' tenants.
 * @param options.app what `defineApp` gave
 * @param options.env the TENANTRY_* settings, usually `process.env`
 * @throws ConfigurationError; Problem DATABASE_UNREACHABLE, DATA_FOLDER_IN_USE. What it has to say it logs to the error
 * output, so that the output is yours.
 * @example
 * await using tenantry = await openTenantry({ app, env: process.env })
 * for await (const { tenant, graph } of tenantry.eachTenant({ state: 'active' }))
 *   console.log(tenant.displayName, await graph.api('/users/$count').header('ConsistencyLevel', 'eventual').get())
 */
export async function openTenantry({
  app,
  env,
}: {
  app: AppDefinition
  env: Readonly<Record<string, string | undefined>>
}): Promise<Tenantry> {
  const { config, mistakes } = readConfig(env, app)
  if (!config) throw new ConfigurationError(mistakes)
  const tools = await openTools(config, { log: openLog(config.logLevel, process.stderr) })
  const forTenant: Tenantry['forTenant'] = (text, options = {}) => {
    const tenantId = parseTenantId(text)
    if (!tenantId) throw notATenantId()
    const { client, problemBehind } = openSdkClient(tools.graphAsApp(tenantId), options)
    return {
      tenantId,
      graph: client,
      resources: (kind) => readStored(tools, { tenantId, kind }),
      readAt: (kind) => whenRead(tools, { tenantId, kind }),
      diagnose: (error) => diagnose(problemBehind(error)),
    }
  }
  return {
    forTenant,
    async *eachTenant({ state, signal } = {}) {
      for (let last: Tenant | undefined; ; ) {
        const page: Tenant[] = await listTenantsFor(tools, {
          limit: PAGE,
          ...(state ? { state } : {}),
          ...(last ? { after: last.id } : {}),
        })
        for (const tenant of page) yield { ...forTenant(tenant.id, signal ? { signal } : {}), tenant }
        last = page.at(-1)
        if (page.length < PAGE) return
      }
    },
    [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose](),
  }
}

const notATenantId = () =>
  new Problem({
    code: 'TENANT_UNKNOWN',
    owner: 'operator',
    message: 'A tenant id is a GUID, such as 11111111-2222-3333-4444-555555555555.',
    nextStep: 'Ask the console or `tenantry tenants list` for the id.',
    retry: 'never',
    confidence: 'certain',
  })
