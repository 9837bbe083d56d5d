import type { Directory } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

/** What Graph tells about a subscription itself. @see https://learn.microsoft.com/graph/change-notifications-lifecycle-events */
export const LIFECYCLE_EVENTS = ['reauthorizationRequired', 'subscriptionRemoved', 'missed'] as const
export type LifecycleEvent = (typeof LIFECYCLE_EVENTS)[number]

type Player = (subscriptionId: Guid, event: LifecycleEvent) => boolean
const players = new WeakMap<Directory, Player>()

/** Graph's half, which keeps the subscriptions. */
export const onLifecycle = (directory: Directory, player: Player): void => void players.set(directory, player)

/** Lets something happen to a subscription of which the directory knows nothing. @returns false when there is no such subscription */
export const playLifecycle = (directory: Directory, subscriptionId: Guid, event: LifecycleEvent): boolean =>
  players.get(directory)?.(subscriptionId, event) ?? false
