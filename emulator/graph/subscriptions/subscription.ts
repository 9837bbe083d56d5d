import type { ChangeKind } from '#emulator/directory/journal.ts'
import type { TenantContents } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

export type ChangeType = 'created' | 'updated' | 'deleted'

/** Why Graph wants a subscription to be authorised again. */
export type Challenge = 'token' | 'expiry' | 'consent' | 'played'

export type Subscription = {
  id: Guid
  appId: Guid
  creatorId: Guid
  /** On whose behalf it was made; null: the application's own. */
  userId: Guid | null
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
  /** When the token runs out with which it was last authorised. */
  authorizedUntil: Date
  /** What was told already, since it was last authorised; with `consent` and `played` nothing is delivered. */
  challenges: ReadonlySet<Challenge>
  clientState: string | null
}
