import type { z } from 'zod'
import { findDirectoryRole } from '#emulator/directory/directory-roles.ts'
import { guidOf } from '#emulator/directory/ids.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { AccessPolicy, Guid } from '#emulator/directory/types.ts'
import { findUser } from '#emulator/directory/users.ts'
import type { accessPolicy } from '#emulator/estate/schema.ts'

/** A policy as estate and control API write it: people and roles by name there, by id in the directory. */
export function makeAccessPolicy(
  directory: Directory,
  tenantId: Guid,
  policy: z.output<typeof accessPolicy>,
  complain: (mistake: string) => void,
): AccessPolicy {
  const person = (name: string): Guid[] => {
    const found = findUser(directory, tenantId, name)
    if (!found) complain(`the policy “${policy.displayName}” names ${name}, who is not there`)
    return found ? [found.id] : []
  }
  const role = (wanted: string): Guid[] => {
    const found = findDirectoryRole(wanted)
    if (!found) complain(`the policy “${policy.displayName}” names the unknown directory role '${wanted}'`)
    return found ? [found.templateId] : []
  }
  return {
    id: policy.id ?? guidOf('conditionalAccess', tenantId, policy.displayName),
    displayName: policy.displayName,
    users: policy.users === 'all' ? 'all' : policy.users.flatMap(person),
    roles: policy.roles.flatMap(role),
    excludedUsers: policy.excludedUsers.flatMap(person),
    workloads: policy.workloads,
    resources: policy.resources,
    requires: policy.requires,
    signInFrequencySeconds: policy.signInFrequencyMinutes === null ? null : policy.signInFrequencyMinutes * 60,
  }
}
