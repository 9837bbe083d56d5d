import { assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { findApplicationByResource } from '#emulator/directory/applications.ts'
import { isFirstParty } from '#emulator/directory/first-party.ts'
import { ensureServicePrincipal, findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import { refuseWorkload } from '#emulator/entra/conditional-access.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'
import { OIDC_SCOPES, splitScope } from '#emulator/entra/scopes.ts'
import { capabilitiesIn, issueAppToken } from '#emulator/entra/tokens/tokens.ts'

/**
 * App-only: the app with its own credential, in one tenant.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export const clientCredentials: Grant = {
  grantTypes: ['client_credentials'],
  parameters: ['scope'],
  async handler({ world, authority, client, form, told }) {
    const { application } = client
    const { tenant } = authority
    if (client.acr === '0') throw new EntraError(7000218)
    if (!tenant) throw new EntraError(authority.kind === 'organizations' ? 50059 : 9001023)
    const scopes = (form.scope ?? '').split(' ').filter((scope) => scope !== '' && !OIDC_SCOPES.includes(scope))
    const [scope = ''] = scopes
    const { resource: name, name: suffix } = splitScope(scope)
    if (scopes.length !== 1 || suffix !== '.default') throw new EntraError(1002012, form.scope ?? '')
    if (application.signInAudience === 'AzureADMyOrg' && application.tenantId !== tenant.id)
      throw new EntraError(700016, application.appId, tenant.displayName)
    const servicePrincipal = findServicePrincipalByAppId(world.directory, tenant.id, application.appId)
    if (!servicePrincipal || world.lag.hidesFromToken(servicePrincipal))
      throw new EntraError(7000229, application.appId, tenant.id)
    if (!servicePrincipal.accountEnabled) throw new EntraError(7000112, application.appId, application.displayName)
    const resource = findApplicationByResource(world.directory, name)
    if (resource && isFirstParty(resource)) ensureServicePrincipal(world.directory, tenant.id, resource.appId)
    const service = resource ? findServicePrincipalByAppId(world.directory, tenant.id, resource.appId) : null
    if (!resource || !service) throw new EntraError(500011, name, tenant.displayName)
    if (!service.accountEnabled) throw new EntraError(500014, name)
    const isAssigned = assignmentsOf(world.directory, tenant.id, servicePrincipal.id).some(
      ({ resourceId }) => resourceId === service.id,
    )
    if (service.appRoleAssignmentRequired && !isAssigned)
      throw new EntraError(501051, application.appId, application.displayName, resource.appId, resource.displayName)
    refuseWorkload(tenant, application, resource)
    told.tenantId = tenant.id
    const { value, expiresInSeconds } = await issueAppToken(
      world,
      { tenant, application, servicePrincipal, acr: client.acr },
      resource,
      { resourceName: name, capabilities: capabilitiesIn(form.claims) },
    )
    return { token_type: 'Bearer', expires_in: expiresInSeconds, ext_expires_in: expiresInSeconds, access_token: value }
  },
}
