import { z } from 'zod'

// One sentence says what a setting must be, whatever is wrong with it: “TENANTRY_LANDING_PORT must be a port number, …”.

/** Where a web page is: https, or http on this machine. @returns the origin, without a slash at its end */
export const origin = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null
  const loopback = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback)) && url.pathname === '/')
    return url.origin
  context.addIssue({ code: 'custom', message: 'must be an https address without a path (http only for localhost)' })
  return z.NEVER
})

export const httpsUrl = z.string().refine((text) => URL.canParse(text) && new URL(text).protocol === 'https:', {
  error: 'must be an https address',
})

export const databaseUrl = z.string().refine((text) => /^postgres(ql)?:\/\/[^\s]+$/.test(text) && URL.canParse(text), {
  error: 'must look like postgres://user:password@host:5432/database',
})

export const guid = <Id>(parse: (text: unknown) => Id | null) =>
  z.string().transform((text, context) => {
    const id = parse(text.trim())
    if (id !== null) return id
    context.addIssue({ code: 'custom', message: 'must be a GUID, such as 11111111-2222-3333-4444-555555555555' })
    return z.NEVER
  })

/** 32 bytes in base64. */
export const key = z.string().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 32) return new Uint8Array(bytes)
  context.addIssue({ code: 'custom', message: 'must be 32 random bytes in base64 (openssl rand -base64 32)' })
  return z.NEVER
})

export const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` })

/** @param error what it must be, in words */
export const wholeNumber = (error: string, { min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) =>
  z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error })

export const minutes = wholeNumber('must be a whole number of minutes above zero', { min: 1 })

export const port = wholeNumber('must be a port number, 0 to 65535', { min: 0, max: 65_535 })

const SHARE = 'must be a number above 0 and at most 1'
export const share = z.coerce.number({ error: SHARE }).positive({ error: SHARE }).max(1, { error: SHARE })

const proxy = z.union([z.literal('nearby'), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])

/** Addresses and networks, apart by spaces or commas. */
export const proxies = z.string().transform((text, context) => {
  const entries = text.split(/[\s,]+/).filter(Boolean)
  // All addresses there are would let whoever asks say who he is.
  if (entries.every((entry) => proxy.safeParse(entry).success && !entry.endsWith('/0'))) return entries
  context.addIssue({ code: 'custom', message: 'must be addresses or networks, such as nearby, 203.0.113.0/24' })
  return z.NEVER
})
