import { listen } from '#emulator/directory/journal.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { Application, AppRoleAssignment, Guid, ServicePrincipal } from '#emulator/directory/types.ts'
import { openReplicas } from '#emulator/lag/replicas.ts'
import { type LagKind, type LagSettings, NO_LAG } from '#emulator/lag/settings.ts'
import { type LateWrites, openLateWrites } from '#emulator/lag/writes.ts'

export type Lag = Omit<LateWrites, 'hear'> & {
  settings(): LagSettings
  set(settings: LagSettings): void
  /** Each asks once: true while the object is still hidden from this kind of question. */
  hidesServicePrincipal(servicePrincipal: ServicePrincipal): boolean
  hidesFromToken(servicePrincipal: ServicePrincipal): boolean
  refusesReference(servicePrincipal: ServicePrincipal): boolean
  hidesRole(assignment: AppRoleAssignment): boolean
  ignoresRole(assignment: AppRoleAssignment): boolean
  hidesApplication(application: Application): boolean
  hidesCredential(keyId: Guid): boolean
  refusesAppRole(appId: Guid, roleId: Guid): boolean
  /** Graph has two texts for it, which come in turn. */
  refusesBacking(application: Application): 'no backing object' | 'not in the local tenant' | null
}

type Dated = { id: string; createdAt: Date }

export function openLag(directory: Directory): Lag {
  const now = () => directory.clock.now()
  let settings = NO_LAG
  let since = now()
  let replicas = openReplicas(settings)
  let writes = openLateWrites(settings, replicas)
  /** Credentials and app roles have no date of birth of their own, so what was there is written down. */
  let old = new Set<string>()
  let refusals = new Map<string, number>()
  listen(directory, (tenantId, happening) => writes.hear(tenantId, happening))

  const hides =
    (kind: LagKind) =>
    ({ id, createdAt }: Dated): boolean =>
      createdAt >= since && replicas.isBehind({ kind, write: `${id}:${createdAt.getTime()}` })
  const hidesNew = (kind: LagKind, id: string): boolean =>
    settings[kind] > 0 && !old.has(id) && replicas.isBehind({ kind, write: id })
  const refuses = hides('applicationReferences')

  return {
    settings: () => settings,
    set(next) {
      settings = next
      since = now()
      replicas = openReplicas(settings)
      writes = openLateWrites(settings, replicas)
      old = new Set(settings.credentialTokens + settings.appRoleReferences > 0 ? partsOf(directory) : [])
      refusals = new Map()
    },
    hidesServicePrincipal: hides('servicePrincipalReads'),
    hidesFromToken: hides('servicePrincipalTokens'),
    refusesReference: hides('assignmentWrites'),
    hidesRole: hides('assignmentTokens'),
    ignoresRole: hides('assignmentChecks'),
    hidesApplication: hides('applicationReads'),
    hidesCredential: (keyId) => hidesNew('credentialTokens', keyId),
    refusesAppRole: (appId, roleId) => hidesNew('appRoleReferences', `${appId} ${roleId}`),
    refusesBacking(application) {
      if (!refuses(application)) return null
      const count = (refusals.get(application.id) ?? 0) + 1
      refusals.set(application.id, count)
      return count % 2 === 1 ? 'no backing object' : 'not in the local tenant'
    },
    seen: (kind, sought) => writes.seen(kind, sought),
    seenAll: (kind, tenantId, list) => writes.seenAll(kind, tenantId, list),
    seenMembers: (tenantId, groupId, members) => writes.seenMembers(tenantId, groupId, members),
    hidesChange: (tenantId, id) => writes.hidesChange(tenantId, id),
    isLagging: (tenantId) => writes.isLagging(tenantId),
  }
}

function* partsOf({ applications }: Directory): Iterable<string> {
  for (const { appId, appRoles, passwordCredentials, keyCredentials } of applications.values()) {
    for (const { keyId } of [...passwordCredentials, ...keyCredentials]) yield keyId
    for (const { id } of appRoles) yield `${appId} ${id}`
  }
}
