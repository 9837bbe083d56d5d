import { createHash, randomUUID, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import type { KeyCredential } from '#emulator/directory/types.ts'
import { badRequest } from '#emulator/graph/errors.ts'

/** @see https://learn.microsoft.com/graph/api/resources/keycredential */
export const keyCredentialSchema = z.object({
  customKeyIdentifier: z.string().nullish(),
  displayName: z.string().nullish(),
  startDateTime: z.string().nullish(),
  endDateTime: z.string().nullish(),
  /** Base64 of the DER; absent for a key that is there already. */
  key: z.string().nullish(),
  keyId: z.string().nullish(),
  type: z.string().nullish(),
  usage: z.string().nullish(),
})
type Given = z.output<typeof keyCredentialSchema>

/** The new list of keys: known ones may be named by id alone. @throws GraphError 400 for what is no certificate */
export const readKeys = (given: readonly Given[], known: readonly KeyCredential[]): KeyCredential[] =>
  given.map((credential) => {
    const kept = known.find(({ keyId }) => keyId === credential.keyId)
    if (kept && !credential.key) return kept
    return readKey(credential)
  })

export function readKey({ key, keyId, displayName, startDateTime, endDateTime }: Given): KeyCredential {
  const certificate = parse(key ?? '')
  const startsAt = startDateTime ? new Date(startDateTime) : certificate.validFromDate
  const endsAt = endDateTime ? new Date(endDateTime) : certificate.validToDate
  if (Number.isNaN(startsAt.getTime()) || Number.isNaN(endsAt.getTime()))
    throw badRequest('Key credential start or end date is invalid.')
  if (endsAt > certificate.validToDate) throw badRequest('Key credential end date is invalid.')
  return {
    keyId: keyId ?? randomUUID(),
    displayName: displayName ?? certificate.subject.split('\n')[0] ?? null,
    certificate: certificate.raw.toString('base64'),
    thumbprintSha1: createHash('sha1').update(certificate.raw).digest('base64url'),
    thumbprintSha256: createHash('sha256').update(certificate.raw).digest('base64url'),
    startsAt,
    endsAt,
  }
}

/** DER in base64, or, as some clients send it, the base64 of a PEM file. */
function parse(key: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(key, 'base64'))
  } catch {
    throw badRequest('Key value is invalid certificate.')
  }
}
