import type { Answer, Call } from '#emulator/graph/call.ts'
import { entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'

/** The directory's own names of what it keeps. */
export type DirectoryKind = 'Application' | 'Group' | 'ServicePrincipal' | 'User'

/** Where the directory keeps its objects. */
export const placeOf = (kind: DirectoryKind, id: string): string =>
  `directoryObjects/${id}/Microsoft.DirectoryServices.${kind}`

/** Where it keeps what hangs on an object; recorded of assignments as their `@odata.id`. */
export const placeBelow = (kind: DirectoryKind, id: string, below: string): string =>
  `directoryObjects/$/Microsoft.DirectoryServices.${kind}('${id}')/${below}`

/**
 * What was made, and in `Location` the address under which the directory itself keeps it: of a version of its own, where
 * no client is answered.
 * @see https://github.com/microsoftgraph/microsoft-graph-docs/issues/7589 for users; the recordings of the Azure CLI’s
 * tests (azure-cli, command_modules/role/tests/latest/recordings) show those of groups, applications and federated credentials
 */
export function createdEntity<Item>(
  call: Call,
  { place, ...made }: { type: EntityType<Item>; item: Item; context: string; place: string },
): Answer {
  const location = `${call.origin}/v2/${call.caller.tenantId}/${place}`
  return { ...entity(call, { ...made, status: 201 }), headers: { location } }
}
