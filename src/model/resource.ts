import type { ObjectId } from '#model/ids.ts'

/** The kinds of directory object that we read. */
export const RESOURCE_KINDS = ['user', 'group'] as const
export type ResourceKind = (typeof RESOURCE_KINDS)[number]

/** One object of a customer's directory, as Graph gave it. */
export type DirectoryResource = {
  kind: ResourceKind
  id: ObjectId
  displayName: string | null
  /** The properties that were selected, untouched. */
  properties: Record<string, unknown>
}
