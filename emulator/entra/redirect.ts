import { randomUUID } from 'node:crypto'
import type { Application } from '#emulator/directory/types.ts'
import type { AuthorizeRequest } from '#emulator/entra/state.ts'

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

export const sessionState = (): string => randomUUID()

export type Platform = keyof Application['redirectUris']

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

/** Administrator consent may come back to a longer path. @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent */
export const isRegisteredForConsent = (application: Application, asked: string): boolean =>
  isRegistered(application, asked) ||
  Object.values(application.redirectUris)
    .flat()
    .some((registered) => withoutLocalPort(asked).startsWith(`${withoutLocalPort(registered).replace(/\/$/, '')}/`))

function withoutLocalPort(uri: string): string {
  if (!URL.canParse(uri)) return uri
  const url = new URL(uri)
  if (url.hostname === 'localhost') url.port = ''
  return url.href
}
