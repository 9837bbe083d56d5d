import { z } from 'zod'
import { PLACES, placeOf, WORDS } from '#emulator/mischief/words.ts'

export const isPattern = (text: string): boolean => {
  try {
    RegExp(text, 'i')
    return true
  } catch {
    return false
  }
}

/** The true answer with another body: what broken servers, proxies and attackers send. */
export const BODIES = ['empty', 'html', 'half', 'utf-16', 'huge', 'gzip-bomb'] as const
export type Body = (typeof BODIES)[number]

/** What no server could send, the emulator cannot, either. @see RFC 9110 section 5 */
const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header')
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be the value of a header')

/** A rule: where, which requests, how often, and what happens. */
export const ruleSchema = z
  .strictObject({
    /** May be left out beside a word, which has its own place. */
    at: z.enum(PLACES).optional(),
    match: z
      .strictObject({
        /** As the client named it, with or without the port. */
        host: z.string().toLowerCase().optional(),
        method: z.string().optional(),
        /** A regular expression, in any case. */
        path: z.string().refine(isPattern, 'must be a regular expression').optional(),
        tenant: z.guid('must be a tenant id').toLowerCase().optional(),
        app: z.guid('must be an application (client) id').toLowerCase().optional(),
      })
      .default({}),
    /** From the nth matching request on, counted from 1. */
    nth: z.number().int().positive().default(1),
    /** For so many matching requests; all unless told. */
    times: z.number().int().positive().optional(),
    /** 0 to 1; drawn from the seed of the rules. */
    probability: z.number().min(0).max(1).optional(),
    word: z.enum(WORDS).optional(),
    answer: z
      .strictObject({
        status: z.number().int().min(200).max(599),
        headers: z.record(headerName, headerValue).default({}),
        body: z.string().default(''),
        /** The request is carried out all the same, and then answered thus. */
        afterwards: z.boolean().default(false),
      })
      .optional(),
    /** token only: refused with this AADSTS code, in the shape and with the status that it has. */
    aadsts: z.number().int().positive().optional(),
    /** graph only: the next link of a page leads here instead. */
    nextLink: z.string().optional(),
    delayMs: z.number().int().positive().optional(),
    /** The true answer with another body. */
    body: z.enum(BODIES).optional(),
    /** So many bytes of the body at a time. */
    drip: z.strictObject({ bytes: z.number().int().positive(), everyMs: z.number().int().positive() }).optional(),
    /** After so many bytes of the body nothing more comes, and the connection stays open. */
    stall: z.number().int().nonnegative().optional(),
    /** Nothing is answered, and the connection stays open. */
    hang: z.literal(true).optional(),
    /** The connection is cut after so many bytes of the body. */
    truncate: z.number().int().nonnegative().optional(),
    /** The connection is cut before any answer. */
    reset: z.literal(true).optional(),
    /** The request is carried out, then the connection is cut. */
    commitThenDrop: z.literal(true).optional(),
  })
  .transform((rule, context) => {
    const { word } = rule
    const deeds = [
      rule.answer,
      rule.aadsts,
      rule.nextLink,
      rule.delayMs,
      rule.body,
      rule.drip,
      rule.stall,
      rule.hang,
      rule.truncate,
      rule.reset,
      rule.commitThenDrop,
    ]
    const does = deeds.some((deed) => deed !== undefined)
    const wrong = (message: string) => {
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    const endings = [rule.reset, rule.hang, rule.commitThenDrop, rule.truncate, rule.stall]
    if (endings.filter((ending) => ending !== undefined).length > 1)
      return wrong('ends the connection in two ways; make two rules of it')
    if (word === undefined && !does) return wrong('says what to match but not what happens')
    if (word !== undefined && does) return wrong('has a word and another deed; make two rules of it')
    if (word !== undefined && rule.at !== undefined && rule.at !== placeOf(word))
      return wrong(`the word ${word} takes effect at ${placeOf(word)}, not at ${rule.at}`)
    const at = rule.at ?? (word === undefined ? undefined : placeOf(word))
    if (at === undefined) return wrong('needs a place (at), as it has no word')
    if (does && (at === 'idtoken' || at === 'apptoken')) return wrong(`only a word can strike at ${at}`)
    const { host, path, method } = rule.match
    if (word !== undefined && at !== 'graph' && (host ?? path ?? method) !== undefined)
      return wrong(`the word ${word} is no request, so only tenant and app can be matched`)
    if (rule.nextLink !== undefined && at !== 'graph') return wrong('a next link is bent at graph only')
    if (rule.aadsts !== undefined && at !== 'token') return wrong('AADSTS codes are given at token only')
    return { ...rule, at }
  })
export const rulesSchema = z.strictObject({ seed: z.number().int().default(1), rules: z.array(ruleSchema) })
export type Rule = z.output<typeof ruleSchema>
export type RuleInput = z.input<typeof ruleSchema>
