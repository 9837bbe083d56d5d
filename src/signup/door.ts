import type { Account, AdministratorStep } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import type { Site } from '#pages/layout.ts'
import type { Streams } from '#pages/streams.ts'
import type { SignUpCookies } from '#signup/cookies.ts'
import type { Tools } from '#tools.ts'

/** What every route of this site works with. */
export type Door = { tools: Tools; site: Site; cookies: SignUpCookies; streams: Streams }

/** A link that lets only administrators of that tenant finish. */
export const invitationLink = ({ tools }: Pick<Door, 'tools'>, tenantId: TenantId): string =>
  `${tools.config.publicUrl}/?tenant=${tenantId}`

/** One person, however many sign-ups he has begun. */
export const personOf = ({ tenantId, objectId }: Pick<Account, 'tenantId' | 'objectId'>): string =>
  `${tenantId} ${objectId}`

/** An access token that ends sooner than this would not last through granting. */
const SHORTEST_MILLISECONDS = 30_000

/** Whether the administrator's token can still be used. */
export const isFresh = ({ tools }: Pick<Door, 'tools'>, { token }: AdministratorStep): boolean =>
  token.expiresAt.getTime() - tools.clock.now().getTime() > SHORTEST_MILLISECONDS
