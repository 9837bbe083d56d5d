import { randomUUID } from 'node:crypto'
import type { Application, Platform } from '#emulator/directory/types.ts'
import { describe } from '#emulator/entra/errors.ts'
import type { AuthorizeRequest } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

/** What goes back to the client: in the query, in the fragment, or as a form that posts itself. */
export type Redirect =
  | { kind: 'location'; location: string }
  | { kind: 'form'; action: string; fields: Record<string, string> }

export function redirectWith(
  request: Pick<AuthorizeRequest, 'redirectUri' | 'responseMode' | 'state'>,
  parameters: Record<string, string>,
): Redirect {
  const fields = { ...parameters, ...(request.state === null ? {} : { state: request.state }) }
  if (request.responseMode === 'form_post') return { kind: 'form', action: request.redirectUri, fields }
  const url = new URL(request.redirectUri)
  const text = new URLSearchParams(fields).toString()
  if (request.responseMode === 'fragment') url.hash = text
  else for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
  return { kind: 'location', location: url.href }
}

/** A refusal that goes back to the client: who reports it finds there what Microsoft’s support asks for. */
export const refusalWith = (
  { clock }: Pick<World, 'clock'>,
  request: Pick<AuthorizeRequest, 'redirectUri' | 'responseMode' | 'state' | 'correlationId'>,
  error: string,
  description: string,
  more: Record<string, string> = {},
): Redirect =>
  redirectWith(request, {
    ...more,
    error,
    error_description: describe(description, { now: clock.now(), correlationId: request.correlationId }),
  })

export const sessionState = (): string => randomUUID()

/** As what an address is registered: of a server, of a page, of a program. */
export const platformOf = ({ redirectUris }: Application, asked: string): Platform | null =>
  (['web', 'spa', 'publicClient'] as const).find((platform) => redirectUris[platform].some(matches(asked))) ?? null

/**
 * Registered exactly, but for the port of localhost.
 * @see https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions
 */
export const isRegistered = (application: Application, asked: string): boolean =>
  platformOf(application, asked) !== null

const matches = (asked: string) => (registered: string) =>
  registered === asked || withoutLocalPort(registered) === withoutLocalPort(asked)

/**
 * Administrator consent may come back to a longer path, and none that leads up again.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 */
export const isRegisteredForConsent = (application: Application, asked: string): boolean =>
  isRegistered(application, asked) ||
  Object.values(application.redirectUris)
    .flat()
    .map((registered) => `${withoutLocalPort(registered).replace(/\/$/, '')}/`)
    .some((start) => URL.canParse(asked) && withoutLocalPort(new URL(asked).href).startsWith(start))

const ADDRESS = /^([a-z][a-z\d+.-]*:\/\/)([^/?#\\]*)(.*)$/is

/** As text: an address that only leads to the same place, by dots or a backslash, is another one. */
function withoutLocalPort(uri: string): string {
  const [, scheme, host, rest = ''] = ADDRESS.exec(uri) ?? []
  if (scheme === undefined || host === undefined) return uri
  return `${scheme}${host.replace(/^localhost:\d+$/i, 'localhost')}`.toLowerCase() + (rest || '/')
}
