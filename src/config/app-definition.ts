import { z } from 'zod'
import type { DefinitionFault } from '#config/definition-fault.ts'
import { faultsOf } from '#config/faults-of.ts'
import type { Mistake } from '#config/mistake.ts'
import { repeatedIn } from '#config/repeated-in.ts'
import { builtInResources, resource, resourceFaults } from '#config/resource-definition.ts'
import type { AppDefinition } from '#model/app.ts'
import { APPLICATION_PERMISSIONS, nearestPermission } from '#model/graph-permissions.ts'
import { BUILT_IN_JOBS } from '#model/job.ts'
import { cronFault } from '#model/schedule.ts'

/** Nothing else may stand in the script that administrators run. */
const PERMISSION_NAME = /^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+$/

/** Graph forgets a delta link after seven days; a tenant that is read seldom still needs a second try within them. */
const LONGEST_SYNC_PAUSE_MINUTES = 3 * 24 * 60

/** The queue takes a job for lost after twelve hours, whoever does it. */
const LONGEST_RUN_MINUTES = 11 * 60

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const LONGEST_NAME = 60

const job = z.strictObject({
  name: z
    .string()
    .regex(KEBAB_CASE, 'must be in kebab-case, such as licence-report')
    .max(LONGEST_NAME)
    .refine((name) => !BUILT_IN_JOBS.includes(name), 'is the name of a job that is built in'),
  schedule: z.union(
    [
      z.object({ everyMinutes: z.number().int().positive() }),
      z.string().superRefine((expression, context) => {
        const fault = cronFault(expression)
        if (fault) context.addIssue({ code: 'custom', message: fault })
      }),
    ],
    { error: 'must be { everyMinutes: 60 } or a cron expression such as "0 3 * * *"' },
  ),
  permissions: z.array(z.string()),
  timeoutMinutes: z
    .number()
    .int()
    .positive()
    .max(
      LONGEST_RUN_MINUTES,
      `at most ${LONGEST_RUN_MINUTES}, eleven hours: save a checkpoint and go on in the next run`,
    )
    .optional(),
  run: z.custom<AppDefinition['jobs']>((run) => typeof run === 'function', 'must be a function'),
})

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
  if (!result.success) {
    mistakes.push(
      ...result.error.issues
        .flatMap((issue) => faultsOf(issue, definition))
        .map(({ path, ...words }) => ({ setting: setting(path), ...words }) satisfies Mistake),
    )
    return undefined
  }
  const { permissions } = result.data
  const unknown = permissions.filter(({ value, unlisted }) => !unlisted && !APPLICATION_PERMISSIONS.includes(value))
  for (const { value } of unknown) {
    const near = nearestPermission(value)
    mistakes.push({
      setting: setting(['permissions', value]),
      message: 'is not an application permission of Microsoft Graph',
      nextStep: `${near ? `Did you mean ${near}?` : 'Look it up in the Microsoft Graph permissions reference.'} If the name is newer than this version of Tenantry, add \`unlisted: true\` beside it.`,
    })
  }
  const values = permissions.map(({ value }) => value)
  const repeated = repeatedIn(values)
  for (const value of repeated)
    mistakes.push({
      setting: setting(['permissions', value]),
      message: 'is declared twice',
      nextStep: 'Keep one entry, with one reason.',
    })
  const app = result.data as unknown as AppDefinition
  const faults = [...jobFaults(app), ...resourceFaults(app)]
  for (const { at, ...fault } of faults) mistakes.push({ setting: setting(at), ...fault })
  return unknown.length + repeated.length + faults.length === 0 ? app : undefined
}

/** Two jobs of one name could not be told apart, and what no administrator was asked for cannot be needed. */
function jobFaults({ permissions, jobs = [] }: AppDefinition): DefinitionFault[] {
  const declared = permissions.map(({ value }) => value)
  const twice = repeatedIn(jobs.map(({ name }) => name)).map((job) => ({
    at: ['jobs', job],
    message: 'is the name of two jobs',
    nextStep: 'Give each job a name of its own.',
  }))
  const undeclared = jobs.flatMap(({ name, permissions: needed }) =>
    needed
      .filter((value) => !declared.includes(value))
      .map((value) => ({
        at: ['jobs', name],
        message: `needs ${value}, which the app does not declare`,
        nextStep: `Add ${value} to the app’s permissions, with a reason that administrators read.`,
      })),
  )
  return [...twice, ...undeclared]
}
