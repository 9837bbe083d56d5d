import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { makeCertificate } from '#emulator/certificate.ts'

export type Tls = { /** PEM; what clients have to trust. */ ca: string; certificate: string; privateKey: string }

const DAY_MILLISECONDS = 24 * 3_600_000
/** Local names, and Microsoft's own for clients that can only be redirected by a proxy. */
export const NAMES: readonly string[] = [
  'localhost',
  'login.microsoftonline.com',
  'graph.microsoft.com',
  'management.azure.com',
  'main.iam.ad.ext.azure.com',
]
const ADDRESSES = ['127.0.0.1', '::1']
const AUTHORITY = 'Tenantry emulator, made on this machine'

/**
 * A certificate authority of this emulator alone and a server certificate from it. With a folder they are kept there, so
 * that clients need to trust `ca.pem` once. The authority's own key is never kept: it signs once.
 */
export function openTls(dataDir: string | null): Tls {
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
    if (isStillGood(kept)) return kept
  }
  const made = makeTls()
  makeFolder(resolve(dataDir))
  writeFileSync(files.ca, made.ca)
  writeFileSync(files.certificate, made.certificate)
  writeFileSync(files.privateKey, made.privateKey, { mode: 0o600 })
  chmodSync(files.privateKey, 0o600)
  return made
}

/** One after the other: with `recursive` Node goes on for ever where a file system lets nobody make anything, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
}

/** Valid for another day, and for every name of today. */
function isStillGood({ certificate }: Tls): boolean {
  const kept = new X509Certificate(certificate)
  return (
    kept.validToDate.getTime() > Date.now() + DAY_MILLISECONDS && NAMES.every((name) => kept.checkHost(name) === name)
  )
}

function makeTls(): Tls {
  const notBefore = new Date(Date.now() - DAY_MILLISECONDS)
  const notAfter = new Date(Date.now() + 365 * DAY_MILLISECONDS)
  const { privateKey: authority } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const base = { issuer: AUTHORITY, signedWith: authority, notBefore, notAfter }
  return {
    ca: makeCertificate({ ...base, subject: AUTHORITY, key: authority, isAuthority: true }),
    certificate: makeCertificate({ ...base, subject: 'localhost', key, hosts: [...NAMES, ...ADDRESSES] }),
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
