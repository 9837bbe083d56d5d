import type { User } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import type { EntityType, Property } from '#emulator/graph/odata/entity.ts'
import { holds } from '#emulator/graph/permissions.ts'
import { stamp } from '#emulator/graph/stamp.ts'

type P = Property<User>

/** Known to Graph, but nothing that an emulated user has. */
const empty = (value: unknown = null): P => ({ read: () => value })

/** @see https://learn.microsoft.com/graph/api/resources/user#properties */
const properties: Readonly<Record<string, P>> = {
  businessPhones: { read: (user) => user.businessPhones, shown: true, filter: 'default' },
  displayName: {
    read: (user) => user.displayName,
    shown: true,
    basic: true,
    filter: 'default',
    sort: 'default',
    search: true,
  },
  givenName: {
    read: (user) => user.givenName,
    shown: true,
    basic: true,
    filter: 'default',
    sort: 'advanced',
    search: true,
  },
  jobTitle: { read: (user) => user.jobTitle, shown: true, filter: 'default', sort: 'advanced', search: true },
  mail: {
    read: (user) => user.mail,
    shown: true,
    basic: true,
    filter: 'default',
    ends: true,
    sort: 'advanced',
    search: true,
  },
  mobilePhone: { read: (user) => user.mobilePhone, shown: true, filter: 'default' },
  officeLocation: {
    read: (user) => user.officeLocation,
    shown: true,
    filter: 'default',
    sort: 'advanced',
    search: true,
  },
  preferredLanguage: { read: (user) => user.preferredLanguage, shown: true, filter: 'default' },
  surname: {
    read: (user) => user.surname,
    shown: true,
    basic: true,
    filter: 'default',
    sort: 'advanced',
    search: true,
  },
  userPrincipalName: {
    read: (user) => user.userPrincipalName,
    shown: true,
    basic: true,
    filter: 'default',
    ends: true,
    sort: 'default',
    search: true,
  },
  id: { read: (user) => user.id, shown: true, basic: true, filter: 'default' },
  accountEnabled: { read: (user) => user.accountEnabled, filter: 'default' },
  ageGroup: empty(),
  assignedLicenses: empty([]),
  assignedPlans: empty([]),
  authorizationInfo: empty({ certificateUserIds: [] }),
  city: { ...empty(), filter: 'default' },
  companyName: { ...empty(), filter: 'default' },
  consentProvidedForMinor: empty(),
  country: { ...empty(), filter: 'default' },
  createdDateTime: { read: (user) => stamp(user.createdAt), filter: 'default', sort: 'advanced' },
  creationType: empty(),
  customSecurityAttributes: empty(),
  deletedDateTime: empty(),
  department: { read: (user) => user.department, filter: 'default', sort: 'advanced', search: true },
  employeeHireDate: empty(),
  employeeId: { ...empty(), filter: 'default' },
  employeeLeaveDateTime: { ...empty(), needs: ['User-LifeCycleInfo.Read.All', 'User-LifeCycleInfo.ReadWrite.All'] },
  employeeOrgData: empty(),
  employeeType: { ...empty(), filter: 'default' },
  externalUserState: { read: (user) => (user.userType === 'Guest' ? 'Accepted' : null), filter: 'default' },
  externalUserStateChangeDateTime: empty(),
  faxNumber: empty(),
  identities: {
    read: (user) => [
      {
        signInType: 'userPrincipalName',
        issuer: user.userPrincipalName.split('@').at(-1) ?? '',
        issuerAssignedId: user.userPrincipalName,
      },
    ],
  },
  imAddresses: { read: (user) => (user.mail ? [user.mail] : []), filter: 'default' },
  isManagementRestricted: empty(),
  isResourceAccount: empty(),
  lastPasswordChangeDateTime: { read: (user) => stamp(user.createdAt) },
  legalAgeGroupClassification: empty(),
  licenseAssignmentStates: empty([]),
  mailNickname: { read: (user) => user.userPrincipalName.split('@')[0] ?? '', filter: 'default' },
  onPremisesDistinguishedName: empty(),
  onPremisesDomainName: empty(),
  onPremisesExtensionAttributes: empty(
    Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`extensionAttribute${index + 1}`, null])),
  ),
  onPremisesImmutableId: { ...empty(), filter: 'default' },
  onPremisesLastSyncDateTime: empty(),
  onPremisesProvisioningErrors: empty([]),
  onPremisesSamAccountName: { ...empty(), filter: 'advanced' },
  onPremisesSecurityIdentifier: { ...empty(), filter: 'default' },
  onPremisesSyncEnabled: { ...empty(), filter: 'default' },
  onPremisesUserPrincipalName: empty(),
  otherMails: { ...empty([]), filter: 'default', ends: true },
  passwordPolicies: empty(),
  passwordProfile: empty(),
  postalCode: { ...empty(), filter: 'default' },
  provisionedPlans: empty([]),
  proxyAddresses: { read: (user) => (user.mail ? [`SMTP:${user.mail}`] : []), filter: 'default', ends: true },
  securityIdentifier: empty(),
  serviceProvisioningErrors: empty([]),
  showInAddressList: empty(),
  signInActivity: { ...empty(), needs: ['AuditLog.Read.All'], isPremium: true },
  signInSessionsValidFromDateTime: { read: (user) => stamp(user.createdAt) },
  state: { ...empty(), filter: 'default' },
  streetAddress: empty(),
  usageLocation: { ...empty(), filter: 'default' },
  userType: { read: (user) => user.userType, filter: 'default' },
}

/** Of SharePoint, Exchange and Intune. @see https://learn.microsoft.com/graph/api/resources/user#properties */
const ELSEWHERE = [
  'aboutMe',
  'birthday',
  'deviceEnrollmentLimit',
  'hireDate',
  'interests',
  'mailboxSettings',
  'mySite',
  'pastProjects',
  'preferredName',
  'print',
  'responsibilities',
  'schools',
  'skills',
]

const FULL = ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All']

export const USER: EntityType<User> = {
  name: 'user',
  properties,
  elsewhere: ELSEWHERE,
  hides(user, { caller }: Call) {
    if (holds(caller, ...FULL) || caller.user?.id === user.id) return 'nothing'
    return holds(caller, 'User.ReadBasic.All') ? 'all but basic' : 'all'
  },
}
