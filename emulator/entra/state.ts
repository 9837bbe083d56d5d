import { randomBytes } from 'node:crypto'
import type { Clock } from '#emulator/clock.ts'
import type { Guid } from '#emulator/directory/types.ts'

/** What the sign-in pages and the token endpoint remember between requests. */
export type AuthorizeRequest = {
  appId: Guid
  authority: string
  redirectUri: string
  responseMode: 'query' | 'fragment' | 'form_post'
  state: string | null
  nonce: string | null
  scopes: string[]
  prompt: string | null
  loginHint: string | null
  challenge: string | null
  challengeMethod: 'S256' | 'plain' | null
  wantsClientInfo: boolean
  /** What the endpoint was: plain sign-in, or administrator consent of either version. */
  purpose: 'sign-in' | 'admin-consent-v1' | 'admin-consent-v2'
}
export type Step = 'account' | 'password' | 'pick' | 'consent' | 'approval'
export type Interaction = {
  id: string
  sessionId: string
  request: AuthorizeRequest
  step: Step
  username: string
  user: { tenantId: Guid; id: Guid } | null
  problem: string | null
  expiresAt: number
}
export type Code = {
  request: AuthorizeRequest
  tenantId: Guid
  userId: Guid
  expiresAt: number
  used: boolean
}
export type RefreshToken = {
  appId: Guid
  tenantId: Guid
  userId: Guid
  scopes: string[]
  issuedAt: number
  expiresAt: number
}
/** The accounts that one browser has signed in with. */
export type Session = { id: string; accounts: { tenantId: Guid; id: Guid }[] }

const MINUTE_SECONDS = 60
const CODE_SECONDS = 10 * MINUTE_SECONDS
const INTERACTION_SECONDS = 30 * MINUTE_SECONDS
const REFRESH_SECONDS = 90 * 24 * 3_600

export type EntraState = ReturnType<typeof openEntraState>

export function openEntraState(clock: Clock) {
  const sessions = new Map<string, Session>()
  const interactions = new Map<string, Interaction>()
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, RefreshToken>()
  const random = (prefix = '') => prefix + randomBytes(32).toString('base64url')
  return {
    session(id: string | undefined): Session {
      const known = id === undefined ? undefined : sessions.get(id)
      if (known) return known
      const made = { id: random(), accounts: [] }
      sessions.set(made.id, made)
      return made
    },
    endSession: (id: string | undefined) => id !== undefined && sessions.delete(id),
    begin(interaction: Omit<Interaction, 'id' | 'expiresAt'>): Interaction {
      const made = { ...interaction, id: random(), expiresAt: clock.seconds() + INTERACTION_SECONDS }
      interactions.set(made.id, made)
      return made
    },
    /** Only the browser that began it may go on. */
    interaction(id: string, sessionId: string | undefined): Interaction | null {
      const known = interactions.get(id)
      return known && known.sessionId === sessionId && known.expiresAt > clock.seconds() ? known : null
    },
    finish: (id: string) => interactions.delete(id),
    issueCode(code: Omit<Code, 'expiresAt' | 'used'>): string {
      const value = random('1.A')
      codes.set(value, { ...code, expiresAt: clock.seconds() + CODE_SECONDS, used: false })
      return value
    },
    code: (value: string): Code | null => codes.get(value) ?? null,
    issueRefreshToken(token: Omit<RefreshToken, 'issuedAt' | 'expiresAt'>): string {
      const value = random('0.A')
      const issuedAt = clock.seconds()
      refreshTokens.set(value, { ...token, issuedAt, expiresAt: issuedAt + REFRESH_SECONDS })
      return value
    },
    refreshToken: (value: string): RefreshToken | null => refreshTokens.get(value) ?? null,
    clear() {
      for (const map of [sessions, interactions, codes, refreshTokens]) map.clear()
    },
  }
}
