import { z } from 'zod'
import type { Mistake } from '#config/mistake.ts'
import { nearestName } from '#model/nearest-name.ts'

type Schema = z.core.$ZodType
type Issue = z.core.$ZodIssue
type Fault = Omit<Mistake, 'setting'> & { path: readonly PropertyKey[] }

const SEE = 'docs/configuration.md shows the shape of the file.'
/** Where more is told of what stands under a property. */
const SEE_OF: Record<string, string> = {
  jobs: 'docs/jobs.md shows what stands in a job.',
  resources: 'docs/resources.md shows what stands in a resource.',
  builtInResources: 'docs/resources.md shows what may stand there.',
}

/**
 * What is wrong at one place of tenantry.config.ts, in words. Node takes types away without looking at them, so here is
 * where a misspelt property is found.
 */
export function faultsOf(issue: Issue, schema: Schema): Fault[] {
  const { path } = issue
  const see = SEE_OF[String(path[0])] ?? SEE
  if (issue.code !== 'unrecognized_keys') return [{ path, message: wordsFor(issue), nextStep: see }]
  return issue.keys.map((key) => {
    const near = nearestName(key, propertiesAt(schema, path))
    return { path: [...path, key], message: 'is not a property of it', nextStep: near ? `Did you mean ${near}?` : see }
  })
}

/** How Zod begins where the schema has no words of its own. */
const ZODS_WORDS = /^(Invalid|Too) /
const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  object: 'an object',
  array: 'a list',
}

function wordsFor(issue: Issue): string {
  if (!ZODS_WORDS.test(issue.message)) return issue.message
  if (issue.message.endsWith('received undefined')) return 'is missing'
  if (issue.code === 'invalid_type') return `must be ${KINDS[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value') return `must be ${issue.values.join(' or ')}`
  if (issue.code === 'too_small')
    return issue.origin === 'string'
      ? 'must not be empty'
      : `must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`
  if (issue.code === 'invalid_format')
    return issue.format === 'email' ? 'must be an e-mail address' : 'must be an address'
  return issue.message
}

/** The names that may stand there: of a list, in each of its entries. */
function propertiesAt(schema: Schema, path: readonly PropertyKey[]): string[] {
  let here = bare(schema)
  for (const step of path) here = bare(below(here, step) ?? here)
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

const bare = (schema: Schema): Schema => (schema instanceof z.ZodOptional ? schema.unwrap() : schema)

function below(schema: Schema, step: PropertyKey): Schema | undefined {
  if (schema instanceof z.ZodArray) return schema.element
  return schema instanceof z.ZodObject ? (schema.shape as Record<PropertyKey, Schema>)[step] : undefined
}
