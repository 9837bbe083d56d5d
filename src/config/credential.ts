import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Mistake } from '#config/mistake.ts'
import { readText } from '#config/read-text.ts'

/** How the app proves to Microsoft Entra ID that it is itself. */
export type Credential =
  | {
      kind: 'secret'
      secret: string
      /** Null unless somebody has told. */
      expiresAt: Date | null
    }
  | {
      kind: 'certificate'
      /** SHA-256 of the DER, hexadecimal. */
      thumbprintSha256: string
      /** As app registrations name it. */
      thumbprintSha1: string
      /** The certificate itself, DER in base64: nothing secret. */
      certificate: string
      privateKey: string
      beginsAt: Date
      expiresAt: Date
    }

const BOTH = 'The file must hold the certificate and its private key, in PEM.'

/** @see https://www.rfc-editor.org/rfc/rfc7468#section-11 for PKCS #8; older files say it in a header */
const isEncrypted = (pem: string): boolean => /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)

/** The app's credential, whose mistakes `mistakes` then tells; undefined where there is none, or none that could be used. */
export function readCredential(
  { secret, expiresAt }: { secret: string | undefined; expiresAt: Date | null },
  file: string | undefined,
  mistakes: Mistake[],
): Credential | undefined {
  const setting = 'TENANTRY_CLIENT_CERTIFICATE_FILE'
  if (secret && file) {
    mistakes.push({
      setting,
      message: 'is set together with TENANTRY_CLIENT_SECRET',
      nextStep: 'Keep one of the two; the certificate is the better one.',
    })
    return undefined
  }
  if (secret) return { kind: 'secret', secret, expiresAt }
  if (!file) {
    mistakes.push({
      setting: 'TENANTRY_CLIENT_SECRET',
      message: 'is missing',
      nextStep: `Set it, or ${setting} to a PEM file with the app’s certificate and private key.`,
    })
    return undefined
  }
  const pem = readText(setting, file, mistakes, BOTH)
  if (pem === null) return undefined
  const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0]
  const privateKey = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+?-----END (?:RSA |EC )?PRIVATE KEY-----/.exec(
    pem,
  )?.[0]
  const wrong = (message: string, nextStep = BOTH) => {
    mistakes.push({ setting, message, nextStep })
    return undefined
  }
  if (certificate && isEncrypted(pem))
    return wrong(
      'holds a private key that asks for a passphrase',
      'Nobody is there to type it in: `openssl pkey` takes it off. Then let this account alone read the file.',
    )
  if (!certificate || !privateKey) return wrong(`holds no ${certificate ? 'private key' : 'certificate'}`)
  const parsed = orNull(() => new X509Certificate(certificate))
  if (!parsed) return wrong('holds a certificate that cannot be read')
  const key = orNull(() => createPrivateKey(privateKey))
  if (!key) return wrong('holds a private key that cannot be read')
  if (!parsed.checkPrivateKey(key)) return wrong('holds the private key of another certificate')
  // Entra ID verifies PS256 and RS256. @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials
  if (key.asymmetricKeyType !== 'rsa')
    return wrong(
      'holds a key that is not RSA',
      'Microsoft Entra ID takes RSA alone: make a certificate with an RSA key.',
    )
  return {
    kind: 'certificate',
    thumbprintSha256: parsed.fingerprint256.replaceAll(':', ''),
    thumbprintSha1: parsed.fingerprint.replaceAll(':', ''),
    certificate: parsed.raw.toString('base64'),
    privateKey,
    beginsAt: parsed.validFromDate,
    expiresAt: parsed.validToDate,
  }
}

function orNull<Value>(parse: () => Value): Value | null {
  try {
    return parse()
  } catch {
    return null
  }
}
