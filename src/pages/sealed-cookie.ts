import { hkdfSync } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { EncryptJWT, jwtDecrypt } from 'jose'
import type { Clock } from '#base/clock.ts'

/** Browsers keep at least 4,096 bytes for a cookie's name, value and attributes together. @see RFC 6265 section 6.1 */
const MAX_CHUNK_CHARACTERS = 3_700
/** More would not fit into the 16 kB of headers that Node reads. */
const MAX_CHUNKS = 4
const KEY_BYTES = 32
const MILLISECONDS = 1_000

/** A value that only we can read and write, kept by the browser until it expires. */
export type SealedCookie<Value> = {
  /** Null for a cookie that is absent, expired, damaged, or sealed for another purpose or with another key. */
  read(c: Context): Promise<Value | null>
  write(c: Context, value: Value): Promise<void>
  drop(c: Context): void
}

/**
 * Each purpose has a key of its own, derived from the session key: what was sealed for one purpose cannot be opened for
 * another. The time of expiry is inside the seal too. Values beyond one cookie's size are spread over several. They are
 * compressed first: a proxy may take no more than 4 kB of headers, and what we seal beside a secret is nobody's to choose
 * twice for the same secret, so its length tells nothing.
 * @param input.purpose also the cookie's name; unlike for every door, because ports of one host share their cookies
 * @param input.key 32 bytes
 */
function openSealedCookie<Value>({
  purpose,
  key,
  https,
  minutes,
  clock,
  parse,
}: {
  purpose: string
  key: Uint8Array
  https: boolean
  minutes: number
  clock: Clock
  /** Back from JSON; null for a shape of another release. Dates arrive as text. */
  parse: (value: unknown) => Value | null
}): SealedCookie<Value> {
  const ownKey = new Uint8Array(hkdfSync('sha256', key, '', `tenantry cookie ${purpose}`, KEY_BYTES))
  const name = (index: number) => `${https ? '__Host-' : ''}tenantry-${purpose}${index === 0 ? '' : `.${index}`}`
  const attributes = { path: '/', httpOnly: true, secure: https, sameSite: 'Lax' } as const
  const present = (c: Context) =>
    Array.from({ length: MAX_CHUNKS }, (_, index) => name(index)).filter((chunk) => getCookie(c, chunk) !== undefined)
  const forget = (c: Context, names: readonly string[]) => {
    for (const chunk of names) setCookie(c, chunk, '', { ...attributes, maxAge: 0 })
  }

  return {
    async read(c) {
      const sealed = joinChunks((index) => getCookie(c, name(index)))
      if (sealed === null) return null
      try {
        const { payload } = await jwtDecrypt(sealed, ownKey, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          requiredClaims: ['exp'],
          currentDate: clock.now(),
        })
        return parse(payload.value)
      } catch {
        return null
      }
    },
    async write(c, value) {
      const now = Math.floor(clock.now().getTime() / MILLISECONDS)
      const sealed = await new EncryptJWT({ value: JSON.parse(JSON.stringify(value)) })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })
        .setExpirationTime(now + minutes * 60)
        .encrypt(ownKey)
      const chunks = intoChunks(sealed)
      for (const [index, chunk] of chunks.entries())
        setCookie(c, name(index), chunk, { ...attributes, maxAge: minutes * 60 })
      forget(
        c,
        present(c).filter((old) => !chunks.some((_, index) => name(index) === old)),
      )
    },
    drop(c) {
      forget(c, present(c))
    },
  }
}

/** The first chunk begins with their number. */
function intoChunks(sealed: string): string[] {
  const count = Math.ceil((sealed.length + 2) / MAX_CHUNK_CHARACTERS)
  if (count > MAX_CHUNKS) throw new Error(`A sealed value of ${sealed.length} characters does not fit into cookies.`)
  const text = `${count}.${sealed}`
  return Array.from({ length: count }, (_, index) =>
    text.slice(index * MAX_CHUNK_CHARACTERS, (index + 1) * MAX_CHUNK_CHARACTERS),
  )
}

function joinChunks(chunk: (index: number) => string | undefined): string | null {
  const first = chunk(0)
  const count = Number(first?.[0])
  if (first?.[1] !== '.' || !(count >= 1 && count <= MAX_CHUNKS)) return null
  const chunks = Array.from({ length: count }, (_, index) => chunk(index))
  return chunks.includes(undefined) ? null : chunks.join('').slice(2)
}

/** How a value is read back: a schema. Null for a shape of another release. */
type Shape<Value> = { safeParse(value: unknown): { data?: Value | undefined } }

/** The same for the cookies of one door: each is a purpose, how long it lives, and its shape. */
export const openSeal =
  ({ key, https, clock }: { key: Uint8Array; https: boolean; clock: Clock }) =>
  <Value>(purpose: string, minutes: number, shape: Shape<Value>): SealedCookie<Value> =>
    openSealedCookie<Value>({
      purpose,
      key,
      https,
      minutes,
      clock,
      parse: (value) => shape.safeParse(value).data ?? null,
    })
