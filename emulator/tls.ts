import { webcrypto } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

export type Tls = { /** PEM; what clients have to trust. */ ca: string; certificate: string; privateKey: string }

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MILLISECONDS = 24 * 3_600_000
/** Local names, and Microsoft's own for clients that can only be redirected by a proxy. */
const NAMES = [
  'localhost',
  'login.microsoftonline.com',
  'graph.microsoft.com',
  'management.azure.com',
  'main.iam.ad.ext.azure.com',
]
const ADDRESSES = ['127.0.0.1', '::1']

x509.cryptoProvider.set(webcrypto)

/**
 * A certificate authority of this emulator alone and a server certificate from it. With a folder they are kept there, so
 * that clients need to trust `ca.pem` once.
 */
export async function openTls(dataDir: string | null): Promise<Tls> {
  if (dataDir === null) return makeTls()
  const files = {
    ca: join(dataDir, 'ca.pem'),
    certificate: join(dataDir, 'server.pem'),
    privateKey: join(dataDir, 'server.key'),
  }
  if (Object.values(files).every((file) => existsSync(file))) {
    const kept = {
      ca: readFileSync(files.ca, 'utf8'),
      certificate: readFileSync(files.certificate, 'utf8'),
      privateKey: readFileSync(files.privateKey, 'utf8'),
    }
    if (new x509.X509Certificate(kept.certificate).notAfter.getTime() > Date.now() + DAY_MILLISECONDS) return kept
  }
  const made = await makeTls()
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(files.ca, made.ca)
  writeFileSync(files.certificate, made.certificate)
  writeFileSync(files.privateKey, made.privateKey, { mode: 0o600 })
  chmodSync(files.privateKey, 0o600)
  return made
}

async function makeTls(): Promise<Tls> {
  const notBefore = new Date(Date.now() - DAY_MILLISECONDS)
  const notAfter = new Date(Date.now() + 365 * DAY_MILLISECONDS)
  const authority = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const server = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const name = 'CN=Tenantry emulator, made on this machine'
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  })
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=localhost',
    issuer: name,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...NAMES.map((value) => ({ type: 'dns' as const, value })),
        ...ADDRESSES.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', server.privateKey))
  const privateKey = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`
  return { ca: `${ca.toString('pem')}\n`, certificate: `${leaf.toString('pem')}\n`, privateKey }
}
