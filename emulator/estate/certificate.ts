import { X509Certificate } from 'node:crypto'
import type { Guid, KeyCredential } from '#emulator/directory/types.ts'

/** A certificate as an application keeps it; null when it cannot be read. */
export function readCertificate(pemOrDer: string | Buffer, keyId: Guid): KeyCredential | null {
  try {
    const certificate = new X509Certificate(pemOrDer)
    const thumbprint = (hex: string) => Buffer.from(hex.replaceAll(':', ''), 'hex').toString('base64url')
    return {
      keyId,
      displayName: certificate.subject.replaceAll('\n', ', '),
      certificate: certificate.raw.toString('base64'),
      thumbprintSha1: thumbprint(certificate.fingerprint),
      thumbprintSha256: thumbprint(certificate.fingerprint256),
      startsAt: certificate.validFromDate,
      endsAt: certificate.validToDate,
    }
  } catch {
    return null
  }
}
