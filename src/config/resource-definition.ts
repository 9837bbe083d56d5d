import { z } from 'zod'
import type { DefinitionFault } from '#config/definition-fault.ts'
import { repeatedIn } from '#config/repeated-in.ts'
import { howItIsSpelt } from '#config/unknown-permission.ts'
import type { AppDefinition } from '#model/app.ts'
import { BUILT_IN_RESOURCES } from '#model/built-in-resources.ts'
import { APPLICATION_PERMISSIONS } from '#model/graph-permissions.ts'
import { BUILT_IN_KINDS, type BuiltInKind, isBuiltIn, type ResourceDefinition } from '#model/resource.ts'

const LONGEST_NAME = 60
/** Graph's own types are called so. */
const KIND = /^[a-z][a-z0-9]*([A-Z][a-z0-9]*)*$/
const PATH = /^(\/[A-Za-z0-9._()=',-]+)+$/
const VERSION = /^\/(v1\.0|beta)(\/|$)/i
const PROPERTY = /^[A-Za-z][A-Za-z0-9_]*$/
const ENDS_IN_DELTA = /\/(microsoft\.graph\.)?delta(\(\))?$/

const property = z.string().regex(PROPERTY, 'must be the name of a property, such as displayName')

/** One kind of the app's own. */
export const resource = z.strictObject({
  kind: z
    .string()
    .regex(KIND, 'must be one of them as Graph names its type, such as administrativeUnit')
    .max(LONGEST_NAME)
    .refine(
      (kind) => !isBuiltIn(kind),
      'is the name of a kind that is built in; builtInResources changes what is read of it',
    ),
  title: z.string().min(1).max(LONGEST_NAME).optional(),
  mode: z.enum(['delta', 'full']),
  path: z
    .string()
    .regex(
      PATH,
      'must be a path below /v1.0 without options, such as /devices/delta: what is asked for stands in select',
    )
    .refine((path) => !VERSION.test(path), 'must begin behind /v1.0, such as /devices/delta')
    .refine((path) => !path.split('/').includes('..'), 'must not climb'),
  select: z.array(property).min(1, 'name at least the key'),
  key: property,
  anyOf: z.array(z.string()).min(1, 'name at least one application permission that lets the app read it'),
})

const change = z.union([z.literal(false), z.strictObject({ alsoSelect: z.array(property).min(1) })], {
  error: "must be false, which leaves it out, or { alsoSelect: ['employeeId'] }, names of more properties",
})

/** What is different of the built-in ones. */
export const builtInResources = z.strictObject(
  Object.fromEntries(BUILT_IN_KINDS.map((kind) => [kind, change.optional()])) as Record<
    BuiltInKind,
    z.ZodOptional<typeof change>
  >,
)

/** What can only be seen of all of it together: what does not fit, what stands twice, what nobody was asked for. */
export function resourceFaults({
  permissions,
  resources = [],
  builtInResources = {},
}: Pick<AppDefinition, 'resources' | 'builtInResources'> & {
  permissions: readonly { value: string }[]
}): DefinitionFault[] {
  const declared = permissions.map(({ value }) => value)
  const own = resources.flatMap((resource) =>
    [...shapeFaults(resource), ...permissionFaults(resource, declared)].map((fault) => ({
      ...fault,
      at: ['resources', resource.kind, ...fault.at],
    })),
  )
  const twice = repeatedIn(resources.map(({ kind }) => kind)).map((kind) => ({
    at: ['resources', kind],
    message: 'is the kind of two resources',
    nextStep: 'Give each a kind of its own.',
  }))
  const more = BUILT_IN_RESOURCES.flatMap(({ kind, select }) => {
    const wanted = builtInResources[kind]
    return selectFaults(wanted ? [...select, ...wanted.alsoSelect] : []).map((fault) => ({
      ...fault,
      at: ['builtInResources', kind, 'alsoSelect'],
    }))
  })
  return [...twice, ...own, ...more]
}

function shapeFaults({ mode, path, select, key }: ResourceDefinition): DefinitionFault[] {
  const faults: DefinitionFault[] = selectFaults(select)
  if (!select.includes(key))
    faults.push({
      at: ['key'],
      message: `is ${key}, which is not selected`,
      nextStep: `Add ${key} to select, or name another property as the key.`,
    })
  if (select.includes('members'))
    faults.push({
      at: ['select'],
      message: 'has members, which are stored of groups only',
      nextStep: 'Leave members out, and read them in a job of your own.',
    })
  if (mode === 'delta' && !ENDS_IN_DELTA.test(path))
    faults.push({
      at: ['path'],
      message: 'does not end in /delta',
      nextStep: `Write ${path.replace(/\/$/, '')}/delta, or set mode to full where Graph tells no changes of it.`,
    })
  if (mode === 'full' && ENDS_IN_DELTA.test(path))
    faults.push({
      at: ['mode'],
      message: 'is full, but the path ends in /delta',
      nextStep: 'Set mode to delta, or leave /delta out.',
    })
  if (mode === 'delta' && key !== 'id')
    faults.push({
      at: ['key'],
      message: `is ${key}; of what is gone, delta tells nothing but the id`,
      nextStep: 'Set key to id.',
    })
  return faults
}

const selectFaults = (select: readonly string[]): DefinitionFault[] =>
  repeatedIn(select).map((name) => ({
    at: ['select'],
    message: `has ${name} twice`,
    nextStep: 'Keep one of them.',
  }))

function permissionFaults({ anyOf }: ResourceDefinition, declared: readonly string[]): DefinitionFault[] {
  const unknown = anyOf.filter((value) => !APPLICATION_PERMISSIONS.includes(value) && !declared.includes(value))
  const faults = unknown.map((value) => ({
    at: ['anyOf'],
    message: `has ${value}, which is not an application permission of Microsoft Graph`,
    nextStep: howItIsSpelt(value),
  }))
  if (faults.length > 0 || anyOf.some((value) => declared.includes(value))) return faults
  return [
    {
      at: ['anyOf'],
      message: 'has none that the app declares, so nothing of it would ever be read',
      nextStep: `Add ${anyOf[0]} to the app’s permissions, with a reason that administrators read.`,
    },
  ]
}
