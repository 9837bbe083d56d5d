import { contentsOf } from '#emulator/directory/open.ts'
import type { Answer, Call } from '#emulator/graph/call.ts'
import type { Caller } from '#emulator/graph/caller.ts'
import { charge } from '#emulator/graph/cost.ts'
import { badRequest, GraphError, notEmulated } from '#emulator/graph/errors.ts'
import { parseJson } from '#emulator/graph/json-text.ts'
import { readOptions } from '#emulator/graph/odata/options.ts'
import { tickOf } from '#emulator/graph/odata/skip-token.ts'
import { checkPermission } from '#emulator/graph/permissions.ts'
import type { Route } from '#emulator/graph/route.ts'
import { findRoute } from '#emulator/graph/routes.ts'
import type { GraphState } from '#emulator/graph/state.ts'
import type { World } from '#emulator/world.ts'

/** A request as it came, alone or inside a batch. */
export type Incoming = Pick<
  Call,
  'caller' | 'method' | 'origin' | 'version' | 'path' | 'query' | 'bentLink' | 'words' | 'header'
> & {
  readBody(): Promise<string>
}

/**
 * Finds what is asked for, charges it, checks that the caller may, and answers.
 * @throws GraphError
 */
export async function dispatch(world: World, state: GraphState, incoming: Incoming): Promise<Answer> {
  const { caller, method, path, query, readBody, header, ...rest } = incoming
  const found = findRoute(method, path)
  if (!found) throw notEmulated(method, `/${incoming.version}${path}`)
  const { route, params } = found
  const options = readOptions(query)
  const call: Call = {
    ...rest,
    world,
    state,
    caller,
    contents: contentsOf(world.directory, caller.tenantId),
    method,
    path,
    query,
    params,
    options,
    header,
    eventual: header('consistencylevel')?.toLowerCase() === 'eventual',
    isLagging: world.lag.isLagging(caller.tenantId),
    body: async () => parseBody(await readBody()),
  }
  const headers = await charge(call, route)
  try {
    checkPermission(caller, route.needs, { isOwn: route.isOwn?.(call) ?? false })
    const answer = await answerTo(call, route)
    return { ...answer, headers: { ...headers, ...answer.headers } }
  } catch (error) {
    throw error instanceof GraphError ? error.with(headers) : error
  }
}

async function answerTo(call: Call, route: Route): Promise<Answer> {
  const isStable = route.isStable && !call.isLagging
  if (!isStable || call.bentLink !== null || call.words.length > 0) return route.handle(call)
  const { bodies } = call.state
  const key = keyOf(call)
  return bodies.get(key) ?? bodies.keep(key, await route.handle(call))
}

const keyOf = ({ state, contents, caller, origin, version, path, query, eventual, world }: Call): string =>
  [
    state.nameOf(contents),
    contents.version,
    tickOf({ world }),
    eventual,
    permissionsOf(caller),
    `${origin}/${version}${path}?${query}`,
  ].join(' ')

const permissionsOf = ({ permissions, user }: Caller): string => `${user?.id ?? ''} ${permissions.join(',')}`

function parseBody(text: string): Record<string, unknown> {
  const body = parseJson(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest(
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    )
  return body as Record<string, unknown>
}
