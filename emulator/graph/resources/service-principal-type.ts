import { findApplication } from '#emulator/directory/applications.ts'
import type { Application, ServicePrincipal } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import type { EntityType, Property } from '#emulator/graph/odata/entity.ts'
import { holds } from '#emulator/graph/permissions.ts'
import { appRoleJson, delegatedPermissionJson, publisherJson } from '#emulator/graph/resources/application-type.ts'
import { stamp } from '#emulator/graph/stamp.ts'

type P = Property<ServicePrincipal>

const empty = (value: unknown = null): P => ({ read: () => value, shown: true })

/** What is copied from the application; an application that is gone leaves its principals behind. */
const ofApplication = (read: (application: Application) => unknown, otherwise: unknown = null): P => ({
  read(servicePrincipal, { world }: Call) {
    const application = findApplication(world.directory, servicePrincipal.appId)
    return application ? read(application) : otherwise
  },
  shown: true,
})

/** @see https://learn.microsoft.com/graph/api/resources/serviceprincipal#properties */
const properties: Readonly<Record<string, P>> = {
  id: { read: (principal) => principal.id, shown: true, filter: 'default' },
  deletedDateTime: empty(),
  accountEnabled: { read: (principal) => principal.accountEnabled, shown: true, filter: 'default' },
  alternativeNames: { ...empty([]), filter: 'default' },
  appDisplayName: ofApplication((application) => application.displayName),
  appDescription: empty(),
  appId: { read: (principal) => principal.appId, shown: true, filter: 'default' },
  applicationTemplateId: { ...empty(), filter: 'default' },
  appOwnerOrganizationId: { ...ofApplication((application) => application.tenantId), filter: 'advanced', isGuid: true },
  appRoleAssignmentRequired: { read: (principal) => principal.appRoleAssignmentRequired, shown: true },
  createdDateTime: {
    read: (principal) => stamp(principal.createdAt),
    shown: true,
    filter: 'advanced',
    sort: 'advanced',
  },
  description: empty(),
  disabledByMicrosoftStatus: empty(),
  displayName: {
    read: (principal) => principal.displayName,
    shown: true,
    filter: 'default',
    sort: 'default',
    search: true,
  },
  homepage: empty(),
  loginUrl: empty(),
  logoutUrl: ofApplication((application) => application.logoutUrl),
  notes: empty(),
  notificationEmailAddresses: empty([]),
  preferredSingleSignOnMode: empty(),
  preferredTokenSigningKeyThumbprint: empty(),
  replyUrls: ofApplication(
    ({ redirectUris }) => [...redirectUris.web, ...redirectUris.spa, ...redirectUris.publicClient],
    [],
  ),
  servicePrincipalNames: {
    ...ofApplication((application) => [...new Set([application.appId, ...application.identifierUris])], []),
    filter: 'default',
  },
  servicePrincipalType: { read: () => 'Application', shown: true, filter: 'default' },
  signInAudience: ofApplication((application) => application.signInAudience),
  tags: { ...empty([]), filter: 'default' },
  tokenEncryptionKeyId: empty(),
  samlSingleSignOnSettings: empty(),
  addIns: empty([]),
  appRoles: ofApplication((application) => application.appRoles.map(appRoleJson), []),
  info: ofApplication((application) => application.info),
  keyCredentials: empty([]),
  oauth2PermissionScopes: ofApplication(
    (application) => application.delegatedPermissions.map(delegatedPermissionJson),
    [],
  ),
  passwordCredentials: empty([]),
  resourceSpecificApplicationPermissions: empty([]),
  verifiedPublisher: ofApplication((application) => publisherJson(application)),
}

const READ = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Application.ReadWrite.OwnedBy',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
]

export const SERVICE_PRINCIPAL: EntityType<ServicePrincipal> = {
  name: 'servicePrincipal',
  properties,
  hides: (_principal, { caller }) => (holds(caller, ...READ) ? 'nothing' : 'all'),
}
