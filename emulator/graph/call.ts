import type { TenantContents } from '#emulator/directory/open.ts'
import type { Caller } from '#emulator/graph/caller.ts'
import { badRequest } from '#emulator/graph/errors.ts'
import type { Options } from '#emulator/graph/odata/options.ts'
import type { GraphState } from '#emulator/graph/state.ts'
import type { Word } from '#emulator/mischief/words.ts'
import type { World } from '#emulator/world.ts'

/** One request to Graph, whose token and permissions are in order. */
export type Call = {
  world: World
  state: GraphState
  caller: Caller
  /** The caller's tenant. */
  contents: TenantContents
  method: string
  /** Where the client found us, so that links lead back to the same name. */
  origin: string
  version: 'v1.0' | 'beta'
  /** Below the version, as it was sent. */
  path: string
  /** Behind the question mark, as it was sent. */
  query: string
  /** What stands in the places of the route, by name. */
  params: Readonly<Record<string, string>>
  options: Options
  /** ConsistencyLevel: eventual. */
  eventual: boolean
  /** Replicas differ: what is answered now may be answered otherwise to the next, though nothing is written. */
  isLagging: boolean
  /** Mischief: where the next link leads instead. */
  bentLink: string | null
  /** Mischief: what is odd about the page. */
  words: readonly Word[]
  header(name: string): string | undefined
  body(): Promise<Record<string, unknown>>
}

export type Answer = {
  status: number
  headers?: Readonly<Record<string, string>>
  body: string | Uint8Array<ArrayBuffer> | null
  /** JSON unless told. */
  contentType?: string
}

/** What stands in a place of the route. */
export const param = (call: Call, name: string): string => call.params[name] ?? ''

export const root = ({ origin, version }: Pick<Call, 'origin' | 'version'>): string => `${origin}/${version}`

export const json = (body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers,
  body: JSON.stringify(body),
})

export const noContent = (): Answer => ({ status: 204, body: null })

/** @throws GraphError 400 for a property that is no text, or missing where it is needed */
export function textIn(body: Record<string, unknown>, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '')
    throw badRequest(`A value is required for property '${name}' of resource.`)
  return value
}
