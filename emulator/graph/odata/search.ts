import type { Call } from '#emulator/graph/call.ts'
import { GraphError, unsupportedQuery } from '#emulator/graph/errors.ts'
import { type EntityType, spell } from '#emulator/graph/odata/entity.ts'
import type { Test } from '#emulator/graph/odata/filter.ts'

/**
 * What `$search="displayName:ada" OR "mail:bo"` lets through: every word of a clause must begin a word of the property.
 * Brackets group; AND binds closer than OR, as everywhere.
 * @throws GraphError 400 without the header, for a property that cannot be searched, or for other syntax
 * @see https://learn.microsoft.com/graph/search-query-parameter#using-search-on-directory-object-collections
 */
export function compileSearch<Item>(type: EntityType<Item>, source: string, call: Call): Test<Item> {
  if (!call.eventual)
    throw unsupportedQuery(
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
    )
  const parts = source.match(TOKEN) ?? []
  const mistake = () =>
    new GraphError(
      400,
      'BadRequest',
      `Syntax error: the $search expression ${source} must be "property:text" in double quotes.`,
    )
  const readJoined = (joint: 'AND' | 'OR', readPart: () => Test<Item>): Test<Item> => {
    const tests = [readPart()]
    while (parts[0] === joint) {
      parts.shift()
      tests.push(readPart())
    }
    return joint === 'AND' ? (item) => tests.every((test) => test(item)) : (item) => tests.some((test) => test(item))
  }
  const readAny = (): Test<Item> => readJoined('OR', () => readJoined('AND', readOne))
  const readOne = (): Test<Item> => {
    const part = parts.shift()
    if (part === '(') {
      const inner = readAny()
      if (parts.shift() !== ')') throw mistake()
      return inner
    }
    const [, path, text] = /^"([^":]+):([^"]*)"$/.exec(part ?? '') ?? []
    if (path === undefined || text === undefined) throw mistake()
    return clause(type, { path, text }, call)
  }
  if (parts.length > MAX_PARTS) throw mistake()
  const test = readAny()
  if (parts.length > 0) throw mistake()
  return test
}

const TOKEN = /"[^"]*"|[()]|[^\s()"]+|"/g
/** More than fit into an address that anybody types; brackets cannot be nested without end. */
const MAX_PARTS = 1_000

function clause<Item>(type: EntityType<Item>, { path, text }: { path: string; text: string }, call: Call): Test<Item> {
  const name = spell(type, path)
  const property = name === null ? undefined : type.properties[name]
  if (!property?.search)
    throw unsupportedQuery(`Unsupported or invalid $search on property '${path}' of resource '${type.name}'.`)
  const wanted = words(text)
  return (item) => {
    const value = property.read(item, call)
    const found = typeof value === 'string' ? words(value) : []
    return wanted.every((word) => found.some((candidate) => candidate.startsWith(word)))
  }
}

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
