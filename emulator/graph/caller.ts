import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { hasEndedEarly } from '#emulator/directory/continuous-access.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Application, Guid, ServicePrincipal, User } from '#emulator/directory/types.ts'
import { findUser } from '#emulator/directory/users.ts'
import { GraphError } from '#emulator/graph/errors.ts'
import type { World } from '#emulator/world.ts'

/** Who calls: an application by itself, or on behalf of `user`. */
export type Caller = {
  tenantId: Guid
  application: Application
  servicePrincipal: ServicePrincipal
  user: User | null
  /** App roles of an application by itself, scopes otherwise. */
  permissions: readonly string[]
  /** When the token runs out. */
  until: Date
}

export type ReadToken = { claims: JWTPayload; genuine: boolean }
export type TokenMemory = Map<string, ReadToken>

const AUDIENCES: readonly string[] = [
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  MICROSOFT_GRAPH,
]
/** Checking a signature costs more than all the rest, and a daemon shows the same token a thousand times. */
const REMEMBERED_TOKENS = 4_096

/**
 * Checks the token and finds out who sent it. What the directory says is asked anew each time; what is signed, once.
 * @throws GraphError 401
 */
export function identifyCaller(world: World, memory: TokenMemory, authorization: string | undefined): Caller {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (!token) throw unauthenticated(world, 'Access token is empty.')
  const { claims, genuine } = readToken(world, memory, token)
  if (!genuine) throw unauthenticated(world, 'Access token validation failure. Invalid signature.')
  const now = world.clock.seconds()
  if ((claims.exp ?? 0) <= now || (claims.nbf ?? 0) > now + 300)
    throw unauthenticated(world, 'Access token has expired or is not yet valid.')
  if (!AUDIENCES.includes(String(claims.aud).replace(/\/$/, '')))
    throw unauthenticated(world, 'Access token validation failure. Invalid audience.')
  const tenantId = String(claims.tid)
  if (!world.directory.tenants.has(tenantId) || claims.iss !== `https://sts.windows.net/${tenantId}/`)
    throw unauthenticated(world, 'Access token validation failure. Invalid issuer.')
  if (hasEndedEarly(world.directory, tenantId, claims, MICROSOFT_GRAPH)) throw challenged(world)
  return findCaller(world, tenantId, claims)
}

function findCaller(world: World, tenantId: Guid, claims: JWTPayload): Caller {
  const { directory } = world
  const application = findApplication(directory, String(claims.appid))
  const servicePrincipal = application && findServicePrincipalByAppId(directory, tenantId, application.appId)
  const isApp = claims.idtyp === 'app'
  const until = new Date((claims.exp ?? 0) * 1000)
  if (!application || !servicePrincipal || (isApp && servicePrincipal.id !== claims.oid))
    throw unauthenticated(
      world,
      'The identity of the calling application could not be established.',
      'Authorization_IdentityNotFound',
    )
  if (!servicePrincipal.accountEnabled) throw unauthenticated(world, 'The calling application is disabled.', DISABLED)
  if (isApp)
    return {
      tenantId,
      application,
      servicePrincipal,
      user: null,
      permissions: rolesIn(world, servicePrincipal, claims),
      until,
    }
  const user = findUser(directory, tenantId, String(claims.oid))
  if (!user)
    throw unauthenticated(
      world,
      'The identity of the calling user could not be established.',
      'Authorization_IdentityNotFound',
    )
  if (!user.accountEnabled) throw unauthenticated(world, 'The calling user is disabled.', DISABLED)
  return {
    tenantId,
    application,
    servicePrincipal,
    user,
    permissions: typeof claims.scp === 'string' ? claims.scp.split(' ') : [],
    until,
  }
}

/** The token's word, save that a replica may not have heard of an assignment yet and refuse what it allows. */
function rolesIn({ directory, lag }: World, { tenantId, id }: ServicePrincipal, { roles }: JWTPayload): string[] {
  const held = Array.isArray(roles) ? roles.map(String) : []
  if (lag.settings().assignmentChecks === 0) return held
  const graph = findApplication(directory, MICROSOFT_GRAPH)
  const late = assignmentsOf(directory, tenantId, id).filter((assignment) => lag.ignoresRole(assignment))
  const unheard = late.map(({ appRoleId }) => graph?.appRoles.find((role) => role.id === appRoleId)?.value)
  return held.filter((role) => !unheard.includes(role))
}

const DISABLED = 'Authorization_IdentityDisabled'

function readToken(world: World, memory: TokenMemory, token: string): ReadToken {
  const known = memory.get(token)
  if (known) return known
  let read: ReadToken
  try {
    read = { claims: decodeJwt(token), genuine: isGenuine(world, token) }
  } catch {
    throw unauthenticated(world, 'CompactToken parsing failed with error code: 80049217')
  }
  if (!read.genuine) return read
  const oldest = memory.size >= REMEMBERED_TOKENS ? memory.keys().next().value : undefined
  if (oldest !== undefined) memory.delete(oldest)
  memory.set(token, read)
  return read
}

const publicKeys = new WeakMap<object, KeyObject>()

function isGenuine({ keys }: World, token: string): boolean {
  const { alg, kid } = decodeProtectedHeader(token)
  const key = keys.published().find((candidate) => candidate.kid === kid)
  if (!key || alg !== 'RS256') return false
  let publicKey = publicKeys.get(key)
  if (!publicKey) {
    publicKey = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' })
    publicKeys.set(key, publicKey)
  }
  const signed = token.slice(0, token.lastIndexOf('.'))
  const signature = Buffer.from(token.slice(signed.length + 1), 'base64url')
  return verify('RSA-SHA256', Buffer.from(signed), publicKey, signature)
}

/**
 * Continuous access evaluation: the client has to bring the claims to its next token request.
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function challenged(world: World): GraphError {
  const claims = { access_token: { nbf: { essential: true, value: String(world.clock.seconds()) } } }
  const encoded = Buffer.from(JSON.stringify(claims)).toString('base64')
  return unauthenticated(
    world,
    'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp',
    'InvalidAuthenticationToken',
    `, error="insufficient_claims", claims="${encoded}"`,
  )
}

const unauthenticated = (
  { origins }: World,
  message: string,
  code = 'InvalidAuthenticationToken',
  more = '',
): GraphError =>
  new GraphError(401, code, message, {
    headers: {
      'www-authenticate': `Bearer realm="", authorization_uri="${origins.https}/common/oauth2/authorize", client_id="${MICROSOFT_GRAPH}"${more}`,
    },
  })
