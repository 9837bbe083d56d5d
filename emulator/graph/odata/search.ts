import type { Call } from '#emulator/graph/call.ts'
import { GraphError, unsupportedQuery } from '#emulator/graph/errors.ts'
import { type EntityType, spell } from '#emulator/graph/odata/entity.ts'
import type { Test } from '#emulator/graph/odata/filter.ts'

/**
 * What `$search="displayName:ada" OR "mail:bo"` lets through: every word of a clause must begin a word of the property.
 * @throws GraphError 400 without the header, for a property that cannot be searched, or for other syntax
 * @see https://learn.microsoft.com/graph/search-query-parameter#using-search-on-directory-object-collections
 */
export function compileSearch<Item>(type: EntityType<Item>, source: string, call: Call): Test<Item> {
  if (!call.eventual)
    throw unsupportedQuery(
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
    )
  const clauses = [...source.matchAll(/"([^":]+):([^"]*)"(?:\s+(AND|OR)\b)?/g)]
  if (clauses.length === 0)
    throw new GraphError(
      400,
      'BadRequest',
      `Syntax error: the $search expression ${source} must be "property:text" in double quotes.`,
    )
  const tests = clauses.map(([, path = '', text = '', joint]) => {
    const name = spell(type, path)
    const property = name === null ? undefined : type.properties[name]
    if (!property?.search)
      throw unsupportedQuery(`Unsupported or invalid $search on property '${path}' of resource '${type.name}'.`)
    const wanted = words(text)
    const test: Test<Item> = (item) => {
      const value = property.read(item, call)
      const found = typeof value === 'string' ? words(value) : []
      return wanted.every((word) => found.some((candidate) => candidate.startsWith(word)))
    }
    return { test, joint }
  })
  return (item) => {
    let passes = tests[0]?.test(item) ?? false
    for (let index = 1; index < tests.length; index++) {
      const next = tests[index]?.test(item) ?? false
      passes = tests[index - 1]?.joint === 'OR' ? passes || next : passes && next
    }
    return passes
  }
}

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
