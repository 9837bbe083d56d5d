import type { Member, TenantContents } from '#emulator/directory/open.ts'
import type { Application, Group, Guid, ServicePrincipal, User } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import type { EntityType, Property } from '#emulator/graph/odata/entity.ts'
import { APPLICATION } from '#emulator/graph/resources/application-type.ts'
import { type ActiveRole, activeRoles, DIRECTORY_ROLE } from '#emulator/graph/resources/directory-role-type.ts'
import { GROUP } from '#emulator/graph/resources/group-type.ts'
import { SERVICE_PRINCIPAL } from '#emulator/graph/resources/service-principal-type.ts'
import { USER } from '#emulator/graph/resources/user-type.ts'
import { stamp } from '#emulator/graph/stamp.ts'

/** An object of any type, as in a group's members. */
export type DirectoryObject = { deletedAt?: Date } & (
  | { kind: 'user'; id: Guid; of: User }
  | { kind: 'group'; id: Guid; of: Group }
  | { kind: 'servicePrincipal'; id: Guid; of: ServicePrincipal }
  | { kind: 'application'; id: Guid; of: Application }
  | { kind: 'directoryRole'; id: Guid; of: ActiveRole }
)

type Kind = DirectoryObject['kind']

/** Every type under one roof; each object is only ever read by the properties of its own. */
const TYPES: Readonly<Record<Kind, EntityType<never>>> = {
  user: USER,
  group: GROUP,
  servicePrincipal: SERVICE_PRINCIPAL,
  application: APPLICATION,
  directoryRole: DIRECTORY_ROLE,
} as Readonly<Record<Kind, EntityType<never>>>

const properties: Record<string, Property<DirectoryObject>> = {}
for (const [kind, type] of Object.entries(TYPES))
  for (const [name, property] of Object.entries(type.properties)) {
    const others = properties[name]
    properties[name] = {
      ...property,
      ...others,
      read: (object, call) =>
        object.kind === kind ? property.read(object.of as never, call) : others?.read(object, call),
    }
  }

properties.deletedDateTime = { read: ({ deletedAt }) => (deletedAt ? stamp(deletedAt) : null), shown: true }

/** Users alone, groups alone… show their own properties only; a mixture shows what each has. */
export const DIRECTORY_OBJECT: EntityType<DirectoryObject> = {
  name: 'directoryObject',
  properties,
  typeOf: ({ kind }) => `#microsoft.graph.${kind}`,
  hides: ({ kind, of }, call) => TYPES[kind].hides?.(of as never, call) ?? 'nothing',
}

export const userObject = (of: User): DirectoryObject => ({ kind: 'user', id: of.id, of })
export const groupObject = (of: Group): DirectoryObject => ({ kind: 'group', id: of.id, of })

export function findDirectoryObject({ contents, world }: Call, id: Guid): DirectoryObject | null {
  const of =
    resolve(contents, { id, kind: 'user' }) ??
    resolve(contents, { id, kind: 'group' }) ??
    resolve(contents, { id, kind: 'servicePrincipal' })
  if (of) return of
  const role = activeRoles(contents).find((candidate) => candidate.id === id)
  if (role) return { kind: 'directoryRole', id, of: role }
  for (const application of world.directory.applications.values())
    if (application.id === id && application.tenantId === contents.tenant.id)
      return { kind: 'application', id, of: application }
  return null
}

/** The object that a membership points to. */
export function resolve(contents: TenantContents, { id, kind }: Member): DirectoryObject | null {
  if (kind === 'user') {
    const of = contents.users.get(id)
    return of ? { kind, id, of } : null
  }
  if (kind === 'group') {
    const of = contents.groups.get(id)
    return of ? { kind, id, of } : null
  }
  const of = contents.servicePrincipals.get(id)
  return of ? { kind, id, of } : null
}

export const objectsBehind = ({ contents }: Call, members: readonly Member[]): DirectoryObject[] =>
  members.flatMap((member) => {
    const object = resolve(contents, member)
    return object ? [object] : []
  })

/** `microsoft.graph.user` in a path: only objects of that type. */
export const castTo = (segment: string): Kind | null =>
  (Object.keys(TYPES) as Kind[]).find((kind) => `microsoft.graph.${kind}`.toLowerCase() === segment.toLowerCase()) ??
  null
