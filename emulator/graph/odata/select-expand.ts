import { GraphError, unsupportedQuery } from '#emulator/graph/errors.ts'

/** One property of $expand, and the $select in its brackets. */
export type Expansion = { name: string; select: readonly string[] | null }

/** Commas inside brackets belong to the option within. */
export function separated(text: string | undefined): string[] | null {
  if (!text) return null
  const parts = ['']
  let depth = 0
  for (const part of text.match(/[(),]|[^(),]+/g) ?? []) {
    if (part === '(') depth += 1
    if (part === ')') depth -= 1
    if (part === ',' && depth <= 0) parts.push('')
    else parts[parts.length - 1] += part
  }
  return parts.map((name) => name.trim()).filter(Boolean)
}

/** A property, a path of some, or all of them. */
const TERM = /^(\*|[\w.]+(\/[\w.]+)*)$/

/** @throws GraphError 400, as for `@odata.type`, which comes by itself */
export function readSelect(text: string | undefined): string[] | null {
  const terms = separated(text)
  for (const term of terms ?? []) checkTerm(term)
  return terms
}

/** @see https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/466, which has the answer */
function checkTerm(term: string): void {
  if (!TERM.test(term)) throw badSelection(`Term '${term}' is not valid in a $select or $expand expression.`)
}

const badSelection = (message: string): GraphError =>
  new GraphError(400, 'BadRequest', `Parsing OData Select and Expand failed: ${message}`)

/**
 * Directory objects bring one relationship along, no more.
 * @see https://github.com/microsoftgraph/microsoft-graph-docs/issues/9506, which has the answer to brackets that do not close
 */
export function readExpansions(text: string | undefined): Expansion[] {
  if (text?.split('(').length !== text?.split(')').length) throw badSelection('Found an unbalanced bracket expression.')
  const expansions = separated(text)?.map(readExpansion) ?? []
  if (expansions.length > 1) throw unsupportedQuery('Only one property can be expanded by $expand.')
  return expansions
}

function readExpansion(text: string): Expansion {
  const [, name = text, inner = ''] = /^([^(]+)\((.*)\)$/s.exec(text) ?? []
  checkTerm(name.trim())
  return { name: name.trim(), select: readSelect(/\$select=([^;]*)/i.exec(inner)?.[1]) }
}
