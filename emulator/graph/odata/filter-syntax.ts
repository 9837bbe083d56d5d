import { GUID } from '#emulator/directory/ids.ts'
import { GraphError } from '#emulator/graph/errors.ts'

/** An id without quotes is of a type of its own. */
export type Literal = string | number | boolean | null | { guid: string }
export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'
export type TextFunction = 'startswith' | 'endswith' | 'contains'

/** A $filter as a tree. Paths are as written: `displayName`, `verifiedPublisher/displayName`, `groupTypes/$count`. */
export type Filter =
  | { kind: 'and' | 'or'; left: Filter; right: Filter }
  | { kind: 'not'; of: Filter }
  | { kind: 'compare'; path: string; operator: Comparison; value: Literal }
  | { kind: 'in'; path: string; values: readonly Literal[] }
  | { kind: 'text'; name: TextFunction; path: string; value: string }
  /** `of` null: any() without a condition, the collection is not empty. */
  | { kind: 'any'; path: string; variable: string; of: Filter | null }

type Token = { kind: 'word' | 'text' | 'number' | 'sign'; text: string; at: number }

const TOKEN = /\s*(?:'((?:[^']|'')*)'|([(),:])|([^\s(),:']+(?::\d\d:\d\d[^\s(),']*)?))/y
const COMPARISONS: readonly string[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le']
const TEXT_FUNCTIONS: readonly string[] = ['startswith', 'endswith', 'contains']
/** That of Microsoft’s OData library. @see https://learn.microsoft.com/dotnet/api/microsoft.odata.uriparser.odatauriparsersettings.filterlimit */
const MAX_CONDITIONS = 800

/** @throws GraphError 400 BadRequest with the place of the mistake */
export function parseFilter(source: string): Filter {
  const reader = openReader(source)
  const tree = readOr(reader)
  if (reader.peek()) throw reader.mistake()
  return tree
}

type Reader = ReturnType<typeof openReader>

function openReader(source: string) {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const text = source.trimEnd()
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match) throw syntaxError(source, at)
    const [, quoted, sign, word] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll("''", "'"), at })
    else if (sign) tokens.push({ kind: 'sign', text: sign, at })
    else if (word) tokens.push({ kind: /^-?\d+(\.\d+)?$/.test(word) ? 'number' : 'word', text: word, at })
  }
  let position = 0
  let conditions = 0
  const reader = {
    /** Conditions stand in one another, and nobody can descend without end. */
    countOne(): void {
      conditions += 1
      if (conditions > MAX_CONDITIONS)
        throw new GraphError(400, 'BadRequest', 'Invalid filter clause: Recursion depth exceeded allowed limit.')
    },
    peek: (ahead = 0): Token | undefined => tokens[position + ahead],
    next(): Token {
      const token = tokens[position]
      if (!token) throw reader.mistake()
      position += 1
      return token
    },
    /** Takes the next token if it is this word or sign. */
    take(text: string): boolean {
      const token = tokens[position]
      if (!token || token.kind === 'text' || token.text.toLowerCase() !== text) return false
      position += 1
      return true
    },
    expect(text: string): void {
      if (!reader.take(text)) throw reader.mistake()
    },
    mistake: () => syntaxError(source, tokens[position]?.at ?? source.length),
  }
  return reader
}

const syntaxError = (source: string, at: number): GraphError =>
  new GraphError(400, 'BadRequest', `Invalid filter clause: syntax error at position ${at} in '${source}'.`)

function readOr(reader: Reader): Filter {
  let left = readAnd(reader)
  while (reader.take('or')) left = { kind: 'or', left, right: readAnd(reader) }
  return left
}

function readAnd(reader: Reader): Filter {
  let left = readOne(reader)
  while (reader.take('and')) left = { kind: 'and', left, right: readOne(reader) }
  return left
}

function readOne(reader: Reader): Filter {
  reader.countOne()
  if (reader.take('not')) return { kind: 'not', of: readOne(reader) }
  if (reader.take('(')) {
    const inner = readOr(reader)
    reader.expect(')')
    return inner
  }
  const name = reader.next()
  if (name.kind !== 'word') throw reader.mistake()
  if (reader.peek()?.text === '(' && reader.peek()?.kind === 'sign') return readCall(reader, name.text)
  if (reader.take('in')) return { kind: 'in', path: name.text, values: readList(reader) }
  const operator = reader.next().text.toLowerCase()
  if (!COMPARISONS.includes(operator)) throw reader.mistake()
  return { kind: 'compare', path: name.text, operator: operator as Comparison, value: readLiteral(reader) }
}

function readCall(reader: Reader, name: string): Filter {
  reader.expect('(')
  const text = TEXT_FUNCTIONS.find((known) => known === name.toLowerCase())
  if (text) {
    const path = reader.next().text
    reader.expect(',')
    const value = readLiteral(reader)
    if (typeof value !== 'string') throw noSignature(text)
    reader.expect(')')
    // The old spelling compares the call with true or false.
    const call: Filter = { kind: 'text', name: text as TextFunction, path, value }
    if (reader.take('eq')) return readLiteral(reader) === false ? { kind: 'not', of: call } : call
    return call
  }
  const any = /^(.+)\/any$/i.exec(name)
  if (!any?.[1]) throw reader.mistake()
  if (reader.take(')')) return { kind: 'any', path: any[1], variable: '', of: null }
  const variable = reader.next().text
  reader.expect(':')
  const of = readOr(reader)
  reader.expect(')')
  return { kind: 'any', path: any[1], variable, of }
}

function readList(reader: Reader): Literal[] {
  reader.expect('(')
  const values = [readLiteral(reader)]
  while (reader.take(',')) values.push(readLiteral(reader))
  reader.expect(')')
  return values
}

const WORDS = new Map<string, Literal>([
  ['true', true],
  ['false', false],
  ['null', null],
])

function readLiteral(reader: Reader): Literal {
  const { kind, text } = reader.next()
  if (kind === 'sign') throw reader.mistake()
  if (kind === 'text') return text
  if (kind === 'number') return Number(text)
  const word = WORDS.get(text.toLowerCase())
  if (word !== undefined) return word
  if (INSTANT.test(text)) return text
  if (GUID.test(text)) return { guid: text }
  throw new GraphError(400, 'BadRequest', `Invalid filter clause: '${text}' is no value; a text stands in quotes.`)
}

/** Dates stand without quotes, and texts with them. */
const INSTANT = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/

const OPERATOR_KINDS: Readonly<Record<Comparison, string>> = {
  eq: 'Equal',
  ne: 'NotEqual',
  gt: 'GreaterThan',
  ge: 'GreaterThanOrEqual',
  lt: 'LessThan',
  le: 'LessThanOrEqual',
}

const noSignature = (name: string): GraphError =>
  new GraphError(
    400,
    'BadRequest',
    `Invalid filter clause: No function signature for the function with name '${name}' matches the specified arguments. The function signatures considered are: ${name}(Edm.String Nullable=true, Edm.String Nullable=true).`,
  )

/** The property is of one type, the value of another. */
export const incompatible = (property: string, value: string, operator: Comparison): GraphError =>
  new GraphError(
    400,
    'BadRequest',
    `Invalid filter clause: A binary operator with incompatible types was detected. Found operand types '${property}' and '${value}' for operator kind '${OPERATOR_KINDS[operator]}'.`,
  )
