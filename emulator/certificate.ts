import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

/** What a certificate is to say. Times are whole seconds. */
export type CertificateWish = {
  /** Common name. */
  subject: string
  issuer: string
  /** Private key of the certificate itself: RSA, or EC on P-256. */
  key: KeyObject
  /** Private key of the issuer; the certificate's own for a self-signed one. */
  signedWith: KeyObject
  notBefore: Date
  notAfter: Date
  isAuthority?: boolean
  /** Names and addresses of a server. */
  hosts?: readonly string[]
}

/** An X.509 certificate, version 3, signed with SHA-256, as PEM. @see RFC 5280 section 4.1 */
export function makeCertificate(wish: CertificateWish): string {
  const { key, signedWith, notBefore, notAfter } = wish
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const issuerKey = createPublicKey(signedWith).export({ type: 'spki', format: 'der' })
  const algorithm = signedWith.asymmetricKeyType === 'ec' ? seq(oid(ECDSA_SHA256)) : seq(oid(RSA_SHA256), NULL)
  const serial = createHash('sha256').update(publicKey).update(notBefore.toISOString()).digest().subarray(0, 16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const toBeSigned = seq(
    tag(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    name(wish.issuer),
    seq(time(notBefore), time(notAfter)),
    name(wish.subject),
    publicKey,
    tag(0xa3, seq(...extensions(wish, publicKey, issuerKey))),
  )
  const der = seq(toBeSigned, algorithm, bits(sign('sha256', toBeSigned, signedWith)))
  return pem('CERTIFICATE', der)
}

const ECDSA_SHA256 = '2a8648ce3d040302'
const RSA_SHA256 = '2a864886f70d01010b'
const COMMON_NAME = '550403'
const SUBJECT_KEY = '551d0e'
const KEY_USAGE = '551d0f'
const ALTERNATIVE_NAMES = '551d11'
const BASIC_CONSTRAINTS = '551d13'
const AUTHORITY_KEY = '551d23'
const EXTENDED_KEY_USAGE = '551d25'
const SERVER_AUTHENTICATION = '2b06010505070301'

function extensions({ isAuthority, hosts }: CertificateWish, publicKey: Buffer, issuerKey: Buffer): Buffer[] {
  const keyId = (spki: Buffer) => createHash('sha1').update(spki).digest()
  const certificateSigning = Buffer.from([0x02, 0x04])
  const digitalSignature = Buffer.from([0x07, 0x80])
  return [
    extension(BASIC_CONSTRAINTS, seq(...(isAuthority ? [TRUE] : [])), true),
    extension(KEY_USAGE, tag(0x03, isAuthority ? certificateSigning : digitalSignature), true),
    extension(SUBJECT_KEY, tag(0x04, keyId(publicKey))),
    extension(AUTHORITY_KEY, seq(tag(0x80, keyId(issuerKey)))),
    ...(hosts
      ? [
          extension(EXTENDED_KEY_USAGE, seq(oid(SERVER_AUTHENTICATION))),
          extension(ALTERNATIVE_NAMES, seq(...hosts.map(host))),
        ]
      : []),
  ]
}

const LOOPBACK_IPV6 = Buffer.concat([Buffer.alloc(15), Buffer.from([1])])

/** A name, or an address in bytes: any of IPv4, and `::1`. */
function host(text: string): Buffer {
  if (text === '::1') return tag(0x87, LOOPBACK_IPV6)
  return isIPv4(text) ? tag(0x87, Buffer.from(text.split('.').map(Number))) : tag(0x82, Buffer.from(text))
}

/** Distinguished Encoding Rules: tag, length, contents. @see ITU-T X.690 section 8.1 */
function tag(type: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents)
  const size = body.length
  const length =
    size < 0x80
      ? [size]
      : size < 0x1_00
        ? [0x81, size]
        : size < 0x1_00_00
          ? [0x82, size >> 8, size & 0xff]
          : [0x83, size >> 16, (size >> 8) & 0xff, size & 0xff]
  return Buffer.concat([Buffer.from([type, ...length]), body])
}

const TRUE = tag(0x01, Buffer.from([0xff]))
const NULL = tag(0x05)
const seq = (...contents: readonly Buffer[]): Buffer => tag(0x30, ...contents)
const oid = (hex: string): Buffer => tag(0x06, Buffer.from(hex, 'hex'))
const integer = (bytes: Buffer): Buffer => tag(0x02, bytes)
const bits = (bytes: Buffer): Buffer => tag(0x03, Buffer.from([0]), bytes)
const name = (text: string): Buffer => seq(tag(0x31, seq(oid(COMMON_NAME), tag(0x0c, Buffer.from(text)))))
const extension = (id: string, value: Buffer, critical = false): Buffer =>
  seq(oid(id), ...(critical ? [TRUE] : []), tag(0x04, value))
/** Two digits for the year until 2049, four from then on. @see RFC 5280 section 4.1.2.5 */
const time = (at: Date): Buffer => {
  const digits = `${at.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`
  return at.getUTCFullYear() < 2050 ? tag(0x17, Buffer.from(digits.slice(2))) : tag(0x18, Buffer.from(digits))
}

const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`
