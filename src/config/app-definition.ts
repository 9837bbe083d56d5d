import { z } from 'zod'
import { faultsOf } from '#config/faults-of.ts'
import { job, jobFaults, partOfJob } from '#config/job-definition.ts'
import type { Mistake } from '#config/mistake.ts'
import { repeatedIn } from '#config/repeated-in.ts'
import { builtInResources, resource, resourceFaults } from '#config/resource-definition.ts'
import { howItIsSpelt } from '#config/unknown-permission.ts'
import type { AppDefinition } from '#model/app.ts'
import { APPLICATION_PERMISSIONS } from '#model/graph-permissions.ts'
import type { JobDefinition } from '#model/job.ts'

/** Nothing else may stand in the script that administrators run. */
const PERMISSION_NAME = /^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+$/

/** Graph forgets a delta link after seven days; a tenant that is read seldom still needs a second try within them. */
const LONGEST_SYNC_PAUSE_MINUTES = 3 * 24 * 60

const limit = z.strictObject({ amount: z.number().positive(), seconds: z.number().positive() })
const graphLimits = z.strictObject({
  tenantUnits: z.strictObject({ S: limit, M: limit, L: limit }).optional(),
  tenantWrites: limit.optional(),
  tenantWideWrites: limit.optional(),
  appUnits: limit.optional(),
  appWrites: limit.optional(),
  appRequests: limit.optional(),
})

const webAddress = z.url({ protocol: /^https?$/, error: 'must be a web address, https://…' })

const definition = z.strictObject({
  name: z.string().min(1),
  publisher: z.string().min(1),
  description: z.string().min(1),
  permissions: z
    .array(
      z.strictObject({
        value: z.string().regex(PERMISSION_NAME, 'must be a name as Microsoft Graph writes it, such as User.Read.All'),
        reason: z.string().min(1, 'every permission needs a reason that administrators read'),
        unlisted: z.literal(true).optional(),
      }),
    )
    .min(1, 'declare at least one permission'),
  supportEmail: z.email('must be an e-mail address').optional(),
  privacyUrl: webAddress.optional(),
  termsUrl: webAddress.optional(),
  syncEveryMinutes: z
    .number()
    .int()
    .positive()
    .max(LONGEST_SYNC_PAUSE_MINUTES, `at most ${LONGEST_SYNC_PAUSE_MINUTES}, three days: Graph soon forgets the place`)
    .optional(),
  largestRemovalShare: z.number().min(0).max(1).optional(),
  graphLimits: graphLimits.optional(),
  jobs: z.array(job).optional(),
  resources: z.array(resource).optional(),
  builtInResources: builtInResources.optional(),
})

/** What `tenantry.config.ts` gives, checked; undefined when anything is wrong with it, which `mistakes` then says. */
export function readDefinition(given: unknown, mistakes: Mistake[]): AppDefinition | undefined {
  const setting = (path: readonly PropertyKey[]) => ['tenantry.config.ts', ...path.map(String)].join(' › ')
  const result = definition.safeParse(given)
  if (!result.success)
    mistakes.push(
      ...result.error.issues
        .flatMap((issue) => faultsOf(issue, definition))
        .map(({ path, ...words }) => ({ setting: setting(path), ...words }) satisfies Mistake),
    )
  const app = result.success ? (result.data as unknown as AppDefinition) : readableParts(given)
  const { permissions } = app
  const unknown = permissions.filter(({ value, unlisted }) => !unlisted && !APPLICATION_PERMISSIONS.includes(value))
  for (const { value } of unknown)
    mistakes.push({
      setting: setting(['permissions', value]),
      message: 'is not an application permission of Microsoft Graph',
      nextStep: `${howItIsSpelt(value)} If the name is newer than this version of Tenantry, add \`unlisted: true\` beside it.`,
    })
  const values = permissions.map(({ value }) => value)
  const repeated = repeatedIn(values)
  for (const value of repeated)
    mistakes.push({
      setting: setting(['permissions', value]),
      message: 'is declared twice',
      nextStep: 'Keep one entry, with one reason.',
    })
  const faults = [...jobFaults(app), ...resourceFaults(app)]
  for (const { at, ...fault } of faults) mistakes.push({ setting: setting(at), ...fault })
  return result.success && unknown.length + repeated.length + faults.length === 0 ? (app as AppDefinition) : undefined
}

/** What can be looked at although something else has not the form that it should have. */
type Parts = Pick<AppDefinition, 'resources' | 'builtInResources'> & {
  permissions: readonly { value: string; unlisted?: boolean | undefined }[]
  jobs?: readonly Pick<JobDefinition, 'name' | 'permissions'>[]
}

/** Mistakes of form hide no others: all are told together. */
function readableParts(given: unknown): Parts {
  const each = <Part>(list: unknown, part: z.ZodType<Part>): Part[] =>
    Array.isArray(list) ? list.flatMap((one) => part.safeParse(one).data ?? []) : []
  const { permissions, jobs, resources, builtInResources: wanted } = z.looseObject({}).safeParse(given).data ?? {}
  return {
    permissions: each(permissions, named),
    jobs: each(jobs, partOfJob),
    resources: each(resources, resource) as NonNullable<Parts['resources']>,
    builtInResources: (builtInResources.safeParse(wanted).data ?? {}) as NonNullable<Parts['builtInResources']>,
  }
}

const permissionName = z.string().regex(PERMISSION_NAME)
const named = z.union([
  z.object({ value: permissionName, unlisted: z.boolean().optional() }),
  // As somebody writes it down who has not read on.
  permissionName.transform((value) => ({ value })),
])
