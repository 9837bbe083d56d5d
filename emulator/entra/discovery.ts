import type { Hono } from 'hono'
import { resolveAuthority } from '#emulator/entra/authority.ts'
import { answerError, EntraError } from '#emulator/entra/errors.ts'
import type { Env, World } from '#emulator/world.ts'

/** OpenID configuration, instance discovery and signing keys. @see OpenID Connect Discovery 1.0 */
export function discoveryRoutes(app: Hono<Env>, world: World): void {
  const { https, browser } = world.origins
  const host = new URL(https).host

  const configuration = (segment: string, version: 'v1' | 'v2') => {
    const authority = resolveAuthority(world.directory, segment)
    const path = version === 'v2' ? '/v2.0' : ''
    const words = world.mischief.says({ at: 'discovery', tenantId: authority.tenant?.id })
    const issuer =
      version === 'v2'
        ? `${https}/${authority.tenant?.id ?? '{tenantid}'}/v2.0`
        : `https://sts.windows.net/${authority.tenant?.id ?? '{tenantid}'}/`
    return {
      token_endpoint: `${words.includes('discovery.tokenEndpoint=foreign') ? 'https://login.evil.example' : https}/${authority.segment}/oauth2${path}/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      jwks_uri: `${https}/${authority.segment}/discovery${path}/keys`,
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer: words.includes('discovery.issuer=wrong') ? 'https://login.evil.example/v2.0' : issuer,
      request_uri_parameter_supported: false,
      userinfo_endpoint: `${https}/oidc/userinfo`,
      authorization_endpoint: `${browser}/${authority.segment}/oauth2${path}/authorize`,
      http_logout_supported: true,
      frontchannel_logout_supported: true,
      end_session_endpoint: `${browser}/${authority.segment}/oauth2${path}/logout`,
      claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'preferred_username', 'name', 'tid', 'ver', 'oid'],
      tenant_region_scope: authority.tenant ? 'EU' : null,
      cloud_instance_name: host,
      cloud_graph_host_name: host,
      msgraph_host: host,
      rbac_url: https,
    }
  }

  app.get('/:tenant/v2.0/.well-known/openid-configuration', (c) => c.json(configuration(c.req.param('tenant'), 'v2')))
  app.get('/:tenant/.well-known/openid-configuration', (c) => c.json(configuration(c.req.param('tenant'), 'v1')))

  const keysOf = (withIssuer: boolean) => ({
    keys: world.keys.published().map(({ kid, publicJwk }) => ({
      kty: 'RSA',
      use: 'sig',
      kid,
      x5t: kid,
      n: publicJwk.n,
      e: publicJwk.e,
      ...(withIssuer ? { issuer: `${https}/{tenantid}/v2.0` } : {}),
    })),
  })
  for (const [path, withIssuer] of [
    ['/:tenant/discovery/v2.0/keys', true],
    ['/:tenant/discovery/keys', false],
  ] as const)
    app.get(path, (c) => {
      resolveAuthority(world.directory, c.req.param('tenant'))
      return c.json(keysOf(withIssuer))
    })

  app.get('/common/discovery/instance', (c) => {
    const asked = c.req.query('authorization_endpoint') ?? ''
    const url = URL.canParse(asked) ? new URL(asked) : null
    const known = [
      new URL(https).hostname,
      'login.microsoftonline.com',
      'login.windows.net',
      'login.microsoft.com',
      'sts.windows.net',
    ]
    if (!url || !known.includes(url.hostname))
      return c.json(
        {
          error: 'invalid_instance',
          error_description: 'AADSTS50049: Unknown or invalid instance.',
          error_codes: [50049],
        },
        400,
      )
    const tenant = url.pathname.split('/')[1] ?? 'common'
    return c.json({
      tenant_discovery_endpoint: `${https}/${tenant}/v2.0/.well-known/openid-configuration`,
      'api-version': c.req.query('api-version') ?? '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [...new Set([host, ...known])] }],
    })
  })
  app.get('/common/userrealm/:name', (c) =>
    c.json({
      ver: '1.0',
      account_type: 'Managed',
      domain_name: c.req.param('name').split('@')[1] ?? '',
      cloud_instance_name: host,
    }),
  )

  app.onError((error, c) => {
    if (!(error instanceof EntraError)) throw error
    c.get('told').reason = error.description
    return answerError(c, error, {
      now: world.clock.now(),
      correlationId: c.req.header('client-request-id') ?? c.req.query('client-request-id'),
      origin: https,
    })
  })
}
