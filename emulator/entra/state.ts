import { randomBytes } from 'node:crypto'
import type { Clock } from '#emulator/clock.ts'
import type { Guid, Platform } from '#emulator/directory/types.ts'

/** What can come back from the sign-in pages. */
export type ResponseType = 'code' | 'id_token' | 'token'
/** When somebody proved who he is, and how: `pwd`, `mfa`. */
export type SignIn = { atMilliseconds: number; methods: readonly string[] }
export type Account = { tenantId: Guid; id: Guid; signIn: SignIn }

/** What the sign-in pages and the token endpoint remember between requests. */
export type AuthorizeRequest = {
  appId: Guid
  authority: string
  version: 'v1' | 'v2'
  redirectUri: string
  responseTypes: readonly ResponseType[]
  responseMode: 'query' | 'fragment' | 'form_post'
  state: string | null
  nonce: string | null
  scopes: string[]
  prompt: string | null
  loginHint: string | null
  challenge: string | null
  challengeMethod: 'S256' | 'plain' | null
  wantsClientInfo: boolean
  /** The client’s name for this request, for those who look for it later. */
  correlationId: string | null
  /** As the client sent it: capabilities, and answers to challenges. */
  claims: string | null
  /** What the endpoint was: plain sign-in, or administrator consent of either version. */
  purpose: 'sign-in' | 'admin-consent-v1' | 'admin-consent-v2'
  /** The sign-in is for a device that waits, not for the client at `redirectUri`. */
  deviceCode: string | null
}
/** A device that shows a code and asks until its user has signed in elsewhere. */
export type Device = {
  deviceCode: string
  userCode: string
  appId: Guid
  authority: string
  scopes: string[]
  expiresAt: number
  outcome: 'pending' | 'declined' | { tenantId: Guid; userId: Guid; signIn: SignIn }
  redeemed: boolean
}
export type Step = 'account' | 'password' | 'new-password' | 'code' | 'set-up' | 'pick' | 'consent' | 'approval'
export type Interaction = {
  id: string
  sessionId: string
  request: AuthorizeRequest
  step: Step
  username: string
  user: Account | null
  problem: string | null
  expiresAt: number
}
export type Code = {
  request: AuthorizeRequest
  tenantId: Guid
  userId: Guid
  signIn: SignIn
  expiresAt: number
  used: boolean
}
export type RefreshToken = {
  appId: Guid
  tenantId: Guid
  userId: Guid
  signIn: SignIn
  scopes: string[]
  /** That of a single-page application ends a day after the sign-in, however often it is renewed. */
  platform: Platform
  issuedAt: number
  expiresAt: number
}
/** The accounts that one browser has signed in with, and when it last asked for what. */
export type Session = { id: string; accounts: Account[]; asked: Map<string, number[]> }

const MINUTE_SECONDS = 60
const CODE_SECONDS = 10 * MINUTE_SECONDS
const INTERACTION_SECONDS = 30 * MINUTE_SECONDS
const REFRESH_SECONDS = 90 * 24 * 3_600
const SPA_REFRESH_SECONDS = 24 * 3_600
/** @see https://learn.microsoft.com/entra/identity-platform/reference-breaking-changes#the-client-loop-detection */
const LOOP = { times: 15, seconds: 5 * MINUTE_SECONDS }

export type EntraState = ReturnType<typeof openEntraState>

export function openEntraState(clock: Clock) {
  const sessions = new Map<string, Session>()
  const interactions = new Map<string, Interaction>()
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, RefreshToken>()
  const devices = new Map<string, Device>()
  const random = (prefix = '') => prefix + randomBytes(32).toString('base64url')
  return {
    session(id: string | undefined): Session {
      const known = id === undefined ? undefined : sessions.get(id)
      if (known) return known
      forgetTheOldest(sessions)
      const made = { id: random(), accounts: [], asked: new Map() }
      sessions.set(made.id, made)
      return made
    },
    /** Counts the same question of the same browser: true when it has been asked too often in too short a time. */
    isLoop({ asked }: Session, question: string): boolean {
      const now = clock.seconds()
      const recent = [...(asked.get(question) ?? []), now].filter((at) => at > now - LOOP.seconds)
      forgetTheOldest(asked)
      asked.set(question, recent)
      return recent.length > LOOP.times
    },
    endSession: (id: string | undefined) => id !== undefined && sessions.delete(id),
    begin(interaction: Omit<Interaction, 'id' | 'expiresAt'>): Interaction {
      forgetTheOldest(interactions)
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
      forgetTheOldest(codes)
      const value = random('1.A')
      codes.set(value, { ...code, expiresAt: clock.seconds() + CODE_SECONDS, used: false })
      return value
    },
    code: (value: string): Code | null => codes.get(value) ?? null,
    issueRefreshToken(token: Omit<RefreshToken, 'issuedAt' | 'expiresAt'>): string {
      forgetTheOldest(refreshTokens, KEPT_REFRESH_TOKENS)
      const value = random('0.A')
      const issuedAt = clock.seconds()
      const expiresAt =
        token.platform === 'spa'
          ? Math.floor(token.signIn.atMilliseconds / 1000) + SPA_REFRESH_SECONDS
          : issuedAt + REFRESH_SECONDS
      refreshTokens.set(value, { ...token, issuedAt, expiresAt })
      return value
    },
    refreshToken: (value: string): RefreshToken | null => refreshTokens.get(value) ?? null,
    beginDevice(device: Pick<Device, 'appId' | 'authority' | 'scopes'>, expiresSeconds: number): Device {
      forgetTheOldest(devices)
      const made: Device = {
        ...device,
        deviceCode: random('D.A'),
        userCode: userCode(),
        expiresAt: clock.seconds() + expiresSeconds,
        outcome: 'pending',
        redeemed: false,
      }
      devices.set(made.deviceCode, made)
      return made
    },
    device: (code: string): Device | null => devices.get(code) ?? null,
    deviceByUserCode: (code: string): Device | null =>
      [...devices.values()].find((device) => device.userCode === code) ?? null,
    clear() {
      for (const map of [sessions, interactions, codes, refreshTokens, devices]) map.clear()
    },
  }
}

const KEPT = 10_000
/** Those of a load test have to last as long as it does. */
const KEPT_REFRESH_TOKENS = 100_000

/** Pages that nobody finished, and what nobody redeems, must not fill the memory of a long run. */
function forgetTheOldest(map: Map<string, unknown>, kept = KEPT): void {
  const [oldest] = map.size >= kept ? map.keys() : []
  if (oldest !== undefined) map.delete(oldest)
}

/** Nine characters that nobody mistakes for others. */
function userCode(): string {
  const letters = 'BCDFGHJKLMNPQRSTVWXZ23456789'
  return [...randomBytes(9)].map((byte) => letters[byte % letters.length]).join('')
}
