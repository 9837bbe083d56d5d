import type { Application, Tenant } from '#emulator/directory/types.ts'
import { badRequest, GraphError } from '#emulator/graph/errors.ts'

const MAX_CHARACTERS = 256
const MAX_ADDRESSES = { work: 256, personal: 100 }
const NEVER = /[!$'(),;\s]/

type Redirects = Application['redirectUris']
const RESOURCES = { web: 'WebApplication', spa: 'SpaApplication', publicClient: 'PublicClientApplication' } as const

/**
 * What can be a redirect address. Plain HTTP, queries and wildcards are for applications of work accounts alone.
 * @see https://learn.microsoft.com/entra/identity-platform/reply-url#restrictions-on-wildcards-in-redirect-uris
 * @throws GraphError 400
 */
export function checkRedirects(redirects: Redirects, known: Redirects, takesPersonal: boolean): void {
  const most = takesPersonal ? MAX_ADDRESSES.personal : MAX_ADDRESSES.work
  if (Object.values(redirects).flat().length > most) throw invalid('redirectUris', 'Application')
  for (const platform of ['web', 'spa', 'publicClient'] as const) {
    const all = redirects[platform]
    if (new Set(all).size < all.length) throw duplicate()
    for (const uri of all)
      if (!known[platform].includes(uri) && !canBeRedirect(uri, takesPersonal))
        throw invalid('redirectUris', RESOURCES[platform])
  }
}

function canBeRedirect(uri: string, takesPersonal: boolean): boolean {
  if (uri.length > MAX_CHARACTERS || NEVER.test(uri) || uri.includes('#') || !URL.canParse(uri)) return false
  if (!takesPersonal) return true
  const { protocol, hostname } = new URL(uri)
  const isPlain = protocol === 'http:' && hostname !== 'localhost' && hostname !== '127.0.0.1'
  return !isPlain && !uri.includes('?') && !uri.includes('*')
}

/**
 * An address by which an API is known belongs to its tenant: it holds its id, the application's or a verified domain. What was
 * there before may stay, and who asks for tokens of version 2 is free.
 * @see https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions
 * @throws GraphError 400
 */
export function checkIdentifierHosts(
  { id, domains }: Tenant,
  { appId, identifierUris }: Application,
  wanted: readonly string[],
  accessTokenVersion: number | null,
): void {
  if (accessTokenVersion === 2) return
  const strange = wanted.find((uri) => {
    const [, host = ''] = /^[a-z][a-z\d+.-]*:\/\/([^/]+)/i.exec(uri.toLowerCase()) ?? []
    const isOurs = domains.some(({ name }) => host === name.toLowerCase() || host.endsWith(`.${name.toLowerCase()}`))
    return !isOurs && host !== appId && host !== id && !identifierUris.includes(uri)
  })
  if (strange !== undefined)
    throw new GraphError(
      400,
      'HostNameNotOnVerifiedDomain',
      `Values of identifierUris property must use a verified domain of the organization or its subdomain: '${strange}'`,
    )
}

/** @throws GraphError 400 for two with one id or one value */
export function checkDuplicates(entries: readonly { id: string; value: string | null }[]): void {
  const values = entries.flatMap(({ value }) => value || [])
  if (new Set(values).size < values.length || new Set(entries.map(({ id }) => id)).size < entries.length)
    throw duplicate()
}

const invalid = (property: string, resource: string): GraphError =>
  badRequest(`Invalid value specified for property '${property}' of resource '${resource}'.`)

const duplicate = (): GraphError => badRequest('Request contains a property with duplicate values.')
