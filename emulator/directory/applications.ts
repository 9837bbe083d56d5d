import { type Happening, note } from '#emulator/directory/journal.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { Application, Guid } from '#emulator/directory/types.ts'

export function addApplication(directory: Directory, application: Application): void {
  directory.applications.set(application.appId, application)
  noteAtHome(directory, application, { what: 'created', before: null })
}

/** Microsoft's own applications are at home in a tenant that is not here. */
function noteAtHome(
  directory: Directory,
  { id, tenantId }: Application,
  happening: Pick<Happening, 'what' | 'before'>,
): void {
  const home = directory.tenants.get(tenantId)
  if (home) note(directory, home, { kind: 'application', id, ...happening })
}

export const findApplication = (directory: Directory, appId: string): Application | null =>
  directory.applications.get(appId.toLowerCase()) ?? null

export function findApplicationById(directory: Directory, tenantId: Guid, objectId: Guid): Application | null {
  for (const application of directory.applications.values())
    if (application.id === objectId && application.tenantId === tenantId) return application
  return null
}

export const findApplicationNamed = (directory: Directory, tenantId: Guid, uniqueName: string): Application | null =>
  listApplications(directory, tenantId).find((application) => application.uniqueName === uniqueName) ?? null

const PERSONAL: readonly unknown[] = ['AzureADandPersonalMicrosoftAccount', 'PersonalMicrosoftAccount']

/** Whether people of no organisation may use an application of this `signInAudience`. */
export const takesPersonalAccounts = (audience: unknown): boolean => PERSONAL.includes(audience)

export const listApplications = (directory: Directory, tenantId: Guid): Application[] =>
  [...directory.applications.values()].filter((application) => application.tenantId === tenantId)

/** The application behind a resource as scopes name it: an identifier URI, with or without a trailing slash, or a client id. */
export function findApplicationByResource(directory: Directory, resource: string): Application | null {
  const wanted = resource.replace(/\/+$/, '').toLowerCase()
  const byAppId = directory.applications.get(wanted)
  if (byAppId) return byAppId
  for (const application of directory.applications.values())
    if (application.identifierUris.some((uri) => uri.replace(/\/+$/, '').toLowerCase() === wanted)) return application
  return null
}

/** Its service principals everywhere show what they take from it. */
export function updateApplication(directory: Directory, appId: Guid, patch: Partial<Application>): Application | null {
  const application = directory.applications.get(appId)
  if (!application) return null
  const changed = {
    ...application,
    ...patch,
    appId: application.appId,
    id: application.id,
    tenantId: application.tenantId,
  }
  directory.applications.set(appId, changed)
  noteAtHome(directory, changed, { what: 'updated', before: application })
  for (const contents of directory.tenants.values()) {
    const id = contents.servicePrincipalsByAppId.get(appId)
    if (id !== undefined) note(directory, contents, { kind: 'servicePrincipal', id, what: 'updated' })
  }
  return changed
}

/** It can be restored for a while. Its service principals are others' matter: without it they do not work. */
export function removeApplication(directory: Directory, appId: Guid): boolean {
  const application = directory.applications.get(appId)
  if (!application) return false
  directory.applications.delete(appId)
  directory.tenants
    .get(application.tenantId)
    ?.deleted.set(application.id, { kind: 'application', of: application, at: directory.clock.now() })
  noteAtHome(directory, application, { what: 'deleted', before: application })
  return true
}
