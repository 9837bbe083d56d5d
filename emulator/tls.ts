import { createPrivateKey, generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
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
const MARK = 'Tenantry emulator'
const AUTHORITY = `${MARK}, made on this machine`

/**
 * A certificate authority of this emulator alone and a server certificate from it. With a folder they are kept there, so
 * that clients need to trust `ca.pem` once. The authority's own key is never kept: it signs once. What does not belong
 * together, as after a kill or a full disk, is made anew.
 * @throws the error of the system for a folder that cannot be written, and for one that holds somebody else's `ca.pem`
 */
export function openTls(dataDir: string | null): Tls {
  if (dataDir === null) return makeTls()
  const kept = readKept(dataDir)
  if (kept) return kept
  const made = makeTls()
  makeFolder(resolve(dataDir))
  for (let tries = 1; ; tries += 1) {
    // Another emulator may have begun at the same moment: one certificate for both.
    const others = readKept(dataDir)
    if (others) return others
    if (tries > TRIES) return made
    for (const name of NAMES_OF_FILES) replaceFile(join(dataDir, FILES[name]), made[name])
  }
}

const FILES = { privateKey: 'server.key', certificate: 'server.pem', ca: 'ca.pem' } as const
const NAMES_OF_FILES = ['privateKey', 'certificate', 'ca'] as const
const TRIES = 5

/** What an earlier start has left, where it is whole. */
function readKept(dataDir: string): Tls | null {
  const read = (name: keyof typeof FILES) => {
    const file = join(dataDir, FILES[name])
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  const kept = { ca: read('ca'), certificate: read('certificate'), privateKey: read('privateKey') }
  refuseForeign(join(dataDir, FILES.ca), kept.ca)
  return isStillGood(kept) ? kept : null
}

/** The certificate of somebody's own authority is worth more than ours. */
function refuseForeign(file: string, ca: string): void {
  const subject = certificateIn(ca)?.subject
  if (subject === undefined || subject.includes(MARK)) return
  throw Object.assign(new Error(`${file} is a certificate that this emulator has not made`), {
    code: 'EEXIST',
    path: file,
  })
}

function certificateIn(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

/** Whole or not at all, whoever is killed meanwhile. */
function replaceFile(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, text, { mode: file.endsWith('.key') ? 0o600 : 0o644 })
  renameSync(draft, file)
}

/** One after the other: with `recursive` Node goes on for ever where a file system lets nobody make anything, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
}

/** Valid for another day and for every name of today, of this authority and with this key. */
function isStillGood({ ca, certificate, privateKey }: Tls): boolean {
  const [authority, kept] = [certificateIn(ca), certificateIn(certificate)]
  if (!authority || !kept) return false
  const isTimely = kept.validToDate.getTime() > Date.now() + DAY_MILLISECONDS
  return isTimely && NAMES.every((name) => kept.checkHost(name) === name) && fits(kept, authority, privateKey)
}

function fits(kept: X509Certificate, authority: X509Certificate, privateKey: string): boolean {
  try {
    return kept.verify(authority.publicKey) && kept.checkPrivateKey(createPrivateKey(privateKey))
  } catch {
    return false
  }
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
