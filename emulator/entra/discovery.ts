import type { Context, Hono } from 'hono'
import { findTenant, listTenants } from '#emulator/directory/tenants.ts'
import { type Authority, PERSONAL_ACCOUNTS, resolveAuthority } from '#emulator/entra/authority.ts'
import { answerError, asDiscovery, EntraError } from '#emulator/entra/errors.ts'
import type { Word } from '#emulator/mischief/words.ts'
import { type Env, seenAs, type World } from '#emulator/world.ts'

const FOREIGN = 'https://login.evil.example'
const MICROSOFT_HOSTS = ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net']

/** OpenID configuration, instance discovery and signing keys. @see OpenID Connect Discovery 1.0 */
export function discoveryRoutes(app: Hono<Env>, everywhere: World): void {
  const worldOf = (c: Context<Env>) => seenAs(everywhere, c.req.header('host'))

  /**
   * Clients that take the authority for one of Active Directory Federation Services leave the tenant out of the address:
   * it is the first of the estate, and what they find is its version 2.
   */
  app.get('/adfs/.well-known/openid-configuration', (c) => {
    const [tenant] = listTenants(everywhere.directory)
    if (!tenant) throw new EntraError(90002, 'adfs')
    return c.json(configuration(worldOf(c), resolveAuthority(everywhere.directory, tenant.id), 'v2'))
  })

  for (const [path, version] of [
    ['/:tenant/v2.0/.well-known/openid-configuration', 'v2'],
    ['/:tenant/.well-known/openid-configuration', 'v1'],
  ] as const)
    app.get(path, (c) => {
      const world = worldOf(c)
      return c.json(configuration(world, resolveForDiscovery(c, world), version))
    })

  for (const [path, withIssuer] of [
    ['/:tenant/discovery/v2.0/keys', true],
    ['/:tenant/discovery/keys', false],
  ] as const)
    app.get(path, (c) => {
      const world = worldOf(c)
      const { tenant } = resolveForDiscovery(c, world)
      return c.json({ keys: publicKeys(world, withIssuer, world.mischief.says({ at: 'jwks', tenantId: tenant?.id })) })
    })

  app.get('/common/discovery/instance', (c) => {
    const { https } = worldOf(c).origins
    const host = new URL(https).host
    const asked = c.req.query('authorization_endpoint') ?? ''
    if (!URL.canParse(asked)) throw new EntraError(50050)
    const url = new URL(asked)
    // MSAL Python leaves the port out, so names are compared without it.
    if (![new URL(https).hostname, ...MICROSOFT_HOSTS].includes(url.hostname)) throw new EntraError(50049)
    const tenant = url.pathname.split('/')[1] ?? 'common'
    const aliases = [...new Set([host, new URL(https).hostname, ...MICROSOFT_HOSTS])]
    return c.json({
      tenant_discovery_endpoint: `${https}/${tenant}/v2.0/.well-known/openid-configuration`,
      'api-version': c.req.query('api-version') ?? '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases }],
    })
  })
  for (const path of ['/common/userrealm/:name', '/common/UserRealm/:name'] as const)
    app.get(path, (c) => {
      const domain = c.req.param('name').split('@').at(-1) ?? ''
      const isKnown = findTenant(everywhere.directory, domain) !== null
      return c.json({
        ver: '1.0',
        account_type: isKnown ? 'Managed' : 'Unknown',
        ...(isKnown ? { domain_name: domain } : {}),
        cloud_instance_name: new URL(worldOf(c).origins.https).host,
        cloud_audience_urn: 'urn:federation:MicrosoftOnline',
      })
    })

  app.onError((error, c) => {
    if (!(error instanceof EntraError)) throw error
    c.get('told').reason = error.description
    return answerError(c, error, {
      now: everywhere.clock.now(),
      correlationId: c.req.header('client-request-id') ?? c.req.query('client-request-id'),
      origin: worldOf(c).origins.https,
    })
  })
}

function resolveForDiscovery(c: Context<Env>, world: World): Authority {
  try {
    const authority = resolveAuthority(world.directory, c.req.param('tenant') ?? '')
    if (authority.tenant) c.get('told').tenantId = authority.tenant.id
    return authority
  } catch (error) {
    throw error instanceof EntraError ? asDiscovery(error) : error
  }
}

/** Endpoints that people see are on the browser's origin, so that no browser meets a certificate it does not know. */
function configuration({ origins, mischief }: World, authority: Authority, version: 'v1' | 'v2') {
  const { https, browser } = origins
  const host = new URL(https).host
  const path = version === 'v2' ? '/v2.0' : ''
  const words = mischief.says({ at: 'discovery', tenantId: authority.tenant?.id })
  const tenant = authority.tenant?.id ?? (authority.kind === 'consumers' ? PERSONAL_ACCOUNTS : '{tenantid}')
  const issuer = version === 'v2' ? `${https}/${tenant}/v2.0` : `https://sts.windows.net/${tenant}/`
  const tokenOrigin = words.includes('discovery.tokenEndpoint=foreign') ? FOREIGN : https
  return {
    token_endpoint: `${tokenOrigin}/${authority.segment}/oauth2${path}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${words.includes('discovery.jwksUri=foreign') ? FOREIGN : https}/${authority.segment}/discovery${path}/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    ...(version === 'v2'
      ? {
          response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
          scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
        }
      : {
          response_types_supported: ['code', 'id_token', 'code id_token', 'token id_token', 'token'],
          scopes_supported: ['openid'],
          // A refresh token is good for every resource.
          microsoft_multi_refresh_token: true,
        }),
    issuer: words.includes('discovery.issuer=wrong') ? `${FOREIGN}/v2.0` : issuer,
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${https}/oidc/userinfo`,
    authorization_endpoint: `${browser}/${authority.segment}/oauth2${path}/authorize`,
    device_authorization_endpoint: `${https}/${authority.segment}/oauth2${path}/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${browser}/${authority.segment}/oauth2${path}/logout`,
    claims_supported: CLAIMS,
    tenant_region_scope: authority.tenant ? 'EU' : null,
    cloud_instance_name: host,
    cloud_graph_host_name: host,
    msgraph_host: host,
    rbac_url: https,
  }
}

const CLAIMS =
  'sub iss cloud_instance_name cloud_instance_host_name cloud_graph_host_name msgraph_host aud exp iat auth_time acr nonce preferred_username name tid ver at_hash c_hash email'.split(
    ' ',
  )

/** Several at once; a client has to choose by `kid`. v2 says of each which issuers it may sign for. */
function publicKeys({ keys, origins }: World, withIssuer: boolean, words: readonly Word[]): object[] {
  const [current, ...others] = keys.published()
  const published = [
    ...(current && !words.includes('jwks.keys=none') ? [current] : []),
    ...(words.includes('jwks.keys=one') ? [] : others),
  ]
  const issuer = words.includes('jwks.issuer=other') ? `${FOREIGN}/{tenantid}/v2.0` : `${origins.https}/{tenantid}/v2.0`
  return [
    ...(words.includes('jwks.keys=decoys') ? UNUSABLE : []),
    ...published.map(({ kid, publicJwk }) => ({
      kty: 'RSA',
      use: 'sig',
      kid,
      x5t: kid,
      n: publicJwk.n,
      e: publicJwk.e,
      ...(withIssuer ? { issuer } : {}),
    })),
  ]
}

/** Keys that no ID token is signed with: a client steps over them, and does not fall. @see RFC 7517 section 5 */
const UNUSABLE: readonly object[] = [
  { kty: 'EC', use: 'sig', kid: 'decoy-ec', crv: 'P-256', x: 'AA', y: 'AA' },
  { kty: 'oct', kid: 'decoy-oct', k: 'c2VjcmV0' },
  { kty: 'RSA', use: 'enc', kid: 'decoy-enc', n: 'AQAB', e: 'AQAB' },
  { kty: 'RSA', use: 'sig', kid: 'decoy-without-modulus', e: 'AQAB' },
  { kty: 'made-up', kid: 'decoy-made-up' },
  { kty: 'RSA', use: 'sig', n: 'AQAB', e: 'AQAB' },
]
