import { guidOf } from '#emulator/directory/ids.ts'
import type { Guid } from '#emulator/directory/types.ts'

export type DirectoryRole = { templateId: Guid; displayName: string; description: string }

const role = (templateId: Guid, displayName: string, description: string): DirectoryRole => ({
  templateId,
  displayName,
  description,
})

/** Template ids are the same in every tenant. @see https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference */
export const DIRECTORY_ROLES: readonly DirectoryRole[] = [
  role(
    '62e90394-69f5-4237-9190-012177145e10',
    'Global Administrator',
    'Can manage all aspects of the directory and of services that use it.',
  ),
  role(
    'e8611ab8-c189-46e8-94e1-60213ab1f814',
    'Privileged Role Administrator',
    'Can manage role assignments and grant any permission.',
  ),
  role(
    '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
    'Application Administrator',
    'Can manage app registrations and enterprise apps.',
  ),
  role(
    '158c047a-c907-4556-b7ef-446551a6b5f7',
    'Cloud Application Administrator',
    'Can manage app registrations and enterprise apps, without App Proxy.',
  ),
  role('cf1c38e5-3621-4004-a7cb-879624dced7c', 'Application Developer', 'Can create app registrations.'),
  role('88d8e3e3-8f55-4a1e-953a-9b9898b8876b', 'Directory Readers', 'Can read basic directory information.'),
  role('9360feb5-f418-4baa-8175-e2a00bac4301', 'Directory Writers', 'Can read and write basic directory information.'),
  role('f2ef992c-3afb-46b9-b7cf-a126ee74c451', 'Global Reader', 'Can read everything a Global Administrator can.'),
  role('fe930be7-5e62-47db-91af-98c3a49a38b1', 'User Administrator', 'Can manage users and groups.'),
  role('fdd7a751-b60b-444a-984c-02652fe8fa1c', 'Groups Administrator', 'Can manage groups.'),
  role('729827e3-9c14-49f7-bb1b-9608f156bbb8', 'Helpdesk Administrator', 'Can reset passwords for non-administrators.'),
  role('194ae4cb-b126-40b2-bd5b-6091b380977d', 'Security Administrator', 'Can manage security features.'),
]

/** As people write it: by its name, or by the id of its template. */
export const findDirectoryRole = (wanted: string): DirectoryRole | null =>
  DIRECTORY_ROLES.find(({ displayName, templateId }) => displayName === wanted || templateId === wanted) ?? null

export const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10'
export const PRIVILEGED_ROLE_ADMINISTRATOR = 'e8611ab8-c189-46e8-94e1-60213ab1f814'
export const APPLICATION_ADMINISTRATOR = '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3'
export const CLOUD_APPLICATION_ADMINISTRATOR = '158c047a-c907-4556-b7ef-446551a6b5f7'

const MAY_CONSENT = [
  GLOBAL_ADMINISTRATOR,
  PRIVILEGED_ROLE_ADMINISTRATOR,
  APPLICATION_ADMINISTRATOR,
  CLOUD_APPLICATION_ADMINISTRATOR,
]
const MAY_GRANT_GRAPH_ROLES = [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR]

/** @see https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent#prerequisites */
export const mayConsentForAll = (roles: readonly Guid[]): boolean => roles.some((held) => MAY_CONSENT.includes(held))
export const mayGrantGraphRoles = (roles: readonly Guid[]): boolean =>
  roles.some((held) => MAY_GRANT_GRAPH_ROLES.includes(held))

/** The role's object id in one tenant; differs from its template id. */
export const directoryRoleId = (tenantId: Guid, templateId: Guid): Guid => guidOf('directoryRole', tenantId, templateId)
