import type { Answer, Call } from '#emulator/graph/call.ts'
import type { Needs } from '#emulator/graph/permissions.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

/** One line of the table of everything that Graph can be asked for. */
export type Route = {
  method: Method
  /** Below the version; {name} is a place. Case does not matter. */
  path: string
  needs: Needs
  handle: (call: Call) => Answer | Promise<Answer>
  /** Resource units before modifiers; 1 unless told. */
  units?: number
  /** With $select, where it is more than one less. */
  unitsSelected?: number
  /** Whoever owns what is written needs no directory role. */
  isOwn?: (call: Call) => boolean
  /** Changes nothing, whatever its method says. */
  isRead?: true
  /** Writes of applications: whether the one that is written takes personal accounts. */
  isPersonalApplication?: (call: Call) => boolean | Promise<boolean>
  /** The answer depends on the tenant's users, groups, members and service principals only, and may be kept until they change. */
  isStable?: true
}

export const get = (path: string, needs: Needs, handle: Route['handle'], more: Partial<Route> = {}): Route => ({
  method: 'GET',
  path,
  needs,
  handle,
  ...more,
})
export const post = (path: string, needs: Needs, handle: Route['handle'], more: Partial<Route> = {}): Route => ({
  ...get(path, needs, handle, more),
  method: 'POST',
})
export const patch = (path: string, needs: Needs, handle: Route['handle'], more: Partial<Route> = {}): Route => ({
  ...get(path, needs, handle, more),
  method: 'PATCH',
})
export const remove = (path: string, needs: Needs, handle: Route['handle'], more: Partial<Route> = {}): Route => ({
  ...get(path, needs, handle, more),
  method: 'DELETE',
})
