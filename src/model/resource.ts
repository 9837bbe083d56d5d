import type { ObjectId } from '#model/ids.ts'

/** The kinds of directory object that we read. */
export const RESOURCE_KINDS = ['user', 'group'] as const
export type ResourceKind = (typeof RESOURCE_KINDS)[number]

/**
 * Any one of these application permissions lets the app list that kind.
 * @see https://learn.microsoft.com/graph/api/user-list#permissions
 * @see https://learn.microsoft.com/graph/api/group-list#permissions
 */
export const READ_PERMISSIONS: Record<ResourceKind, readonly string[]> = {
  user: ['User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  group: [
    'GroupMember.Read.All',
    'Group.Read.All',
    'Group.ReadWrite.All',
    'Directory.Read.All',
    'Directory.ReadWrite.All',
  ],
}

/** One object of a customer's directory, as Graph gave it. */
export type DirectoryResource = {
  kind: ResourceKind
  id: ObjectId
  displayName: string | null
  /** The properties that were selected, untouched. */
  properties: Record<string, unknown>
}
