import { findApplicationNamed, listApplications } from '#emulator/directory/applications.ts'
import { listDeleted } from '#emulator/directory/deleted.ts'
import type { Application } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import { badRequest, GraphError } from '#emulator/graph/errors.ts'

export function checkIdentifiers({ world, caller }: Call, known: Application, wanted: readonly string[]): void {
  const taken = listApplications(world.directory, caller.tenantId).find(
    (other) => other.appId !== known.appId && other.identifierUris.some((uri) => wanted.includes(uri)),
  )
  if (taken) throw badRequest('Another object with the same value for property identifierUris already exists.')
}

/**
 * Given once; a deleted application keeps its own as long as it can come back.
 * @see https://github.com/microsoftgraph/msgraph-bicep-types/issues/137
 */
export function checkUniqueName({ world, caller }: Call, known: Application, wanted: string): void {
  if (known.uniqueName === wanted) return
  if (known.uniqueName !== null) throw badRequest("Property 'uniqueName' is read-only and cannot be set.")
  const isDeleted = listDeleted(world.directory, caller.tenantId).some(
    ({ kind, of }) => kind === 'application' && of.uniqueName === wanted,
  )
  if (isDeleted || findApplicationNamed(world.directory, caller.tenantId, wanted))
    throw badRequest('Another object with the same value for property uniqueName already exists.')
}

/**
 * Who takes personal accounts is given tokens of version 2 alone.
 * @see https://learn.microsoft.com/graph/api/resources/apiapplication
 * @see https://github.com/azure-ad-b2c/Scripts/issues/2, which has the answer
 */
export function checkTokenVersion(version: Application['requestedAccessTokenVersion'], takesPersonal: boolean): void {
  if (takesPersonal && version !== 2)
    throw new GraphError(400, 'InvalidAccessTokenVersion', 'One or more properties contains invalid values.')
}

/** @see https://learn.microsoft.com/graph/api/resources/approle */
export function checkRemoved(
  known: readonly { id: string; isEnabled: boolean }[],
  wanted: readonly { id: string }[],
): void {
  if (known.some(({ id, isEnabled }) => isEnabled && !wanted.some((one) => one.id === id)))
    throw new GraphError(
      400,
      'CannotDeleteOrUpdateEnabledEntitlement',
      'Permission (scope or role) cannot be deleted or updated unless disabled first.',
    )
}

/**
 * Passwords can be left out, but come by addPassword alone.
 * @see https://github.com/microsoftgraph/microsoft-graph-docs/issues/6179
 * @throws GraphError 400
 */
export const keepPasswords = (
  given: readonly { keyId?: string | null | undefined }[],
  known: Application['passwordCredentials'],
): Application['passwordCredentials'] =>
  given.map(({ keyId }) => {
    const kept = known.find((credential) => credential.keyId === keyId?.toLowerCase())
    if (!kept) throw badRequest('New password credentials must be generated with service actions.')
    return kept
  })
