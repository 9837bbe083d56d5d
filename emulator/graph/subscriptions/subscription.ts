import type { ChangeKind } from '#emulator/directory/journal.ts'
import type { TenantContents } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

export type ChangeType = 'created' | 'updated' | 'deleted'

export type Subscription = {
  id: Guid
  appId: Guid
  creatorId: Guid
  /** After a reset or a restore the tenant is another, and its old subscriptions are nobody's. */
  contents: TenantContents
  changeTypes: readonly ChangeType[]
  resource: string
  kind: Extract<ChangeKind, 'user' | 'group'>
  /** One object, or all of the kind. */
  objectId: Guid | null
  notificationUrl: string
  lifecycleNotificationUrl: string | null
  expiresAt: Date
  clientState: string | null
}
