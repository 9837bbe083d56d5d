import { z } from 'zod'
import type { DefinitionFault } from '#config/definition-fault.ts'
import { repeatedIn } from '#config/repeated-in.ts'
import { howItIsSpelt } from '#config/unknown-permission.ts'
import { APPLICATION_PERMISSIONS } from '#model/graph-permissions.ts'
import { BUILT_IN_JOBS, type JobDefinition } from '#model/job.ts'
import { cronFault } from '#model/schedule.ts'

/** The queue takes a job for lost after twelve hours, whoever does it. */
const LONGEST_RUN_MINUTES = 11 * 60

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const LONGEST_NAME = 60

/** One job of the app's own. */
export const job = z.strictObject({
  name: z
    .string()
    .regex(KEBAB_CASE, 'must be in kebab-case, such as licence-report')
    .max(LONGEST_NAME)
    .refine((name) => !BUILT_IN_JOBS.includes(name), 'is the name of a job that is built in'),
  schedule: z.union(
    [
      z.strictObject({ everyMinutes: z.number().int().positive() }),
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
  run: z.custom<JobDefinition['run']>((run) => typeof run === 'function', 'must be a function'),
})

/** What of a job can be looked at although something else in it has not the form that it should have. */
export const partOfJob = z.object({ name: z.string(), permissions: z.array(z.string()) })

/** Two jobs of one name could not be told apart, and what no administrator was asked for cannot be needed. */
export function jobFaults({
  permissions,
  jobs = [],
}: {
  permissions: readonly { value: string }[]
  jobs?: readonly Pick<JobDefinition, 'name' | 'permissions'>[] | undefined
}): DefinitionFault[] {
  const declared = permissions.map(({ value }) => value)
  const twice = repeatedIn(jobs.map(({ name }) => name)).map((name) => ({
    at: ['jobs', name],
    message: 'is the name of two jobs',
    nextStep: 'Give each job a name of its own.',
  }))
  const undeclared = jobs.flatMap(({ name, permissions: needed }) =>
    needed.filter((value) => !declared.includes(value)).map((value) => ({ at: ['jobs', name], ...lacking(value) })),
  )
  return [...twice, ...undeclared]
}

function lacking(value: string): Pick<DefinitionFault, 'message' | 'nextStep'> {
  if (APPLICATION_PERMISSIONS.includes(value))
    return {
      message: `needs ${value}, which the app does not declare`,
      nextStep: `Add ${value} to the app’s permissions, with a reason that administrators read.`,
    }
  return {
    message: `needs ${value}, which is not an application permission of Microsoft Graph`,
    nextStep: howItIsSpelt(value),
  }
}
