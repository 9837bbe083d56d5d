import { z } from 'zod'

/** Everything that can be made to go wrong in one word. */
export const WORDS = [
  'idtoken.nonce=other',
  'idtoken.nonce=absent',
  'idtoken.sig=none',
  'idtoken.sig=hs256',
  'idtoken.sig=wrong',
  'idtoken.sig=unknown-kid',
  'idtoken.iss=other-host',
  'idtoken.iss=other-tenant',
  'idtoken.iss=v1',
  'idtoken.iss=trailing-slash',
  'idtoken.tid=other',
  'idtoken.tid=common',
  'idtoken.tid=array',
  'idtoken.tid=absent',
  'idtoken.tid=personal',
  'idtoken.oid=absent',
  'idtoken.aud=other',
  'idtoken.aud=extra',
  'idtoken.exp=past',
  'idtoken.nbf=future',
  'accesstoken.tid=other',
  'apptoken.swap',
  'apptoken.aud=other',
  'authorize.stripChallenge',
  'authorize.iss=other',
  'discovery.tokenEndpoint=foreign',
  'discovery.issuer=wrong',
  'graph.page=empty',
  'graph.page=overlapping',
  'graph.page=reversed',
] as const
export type Word = (typeof WORDS)[number]

/** Where something can be made to go wrong; a word says it by its beginning. */
const PLACES = ['discovery', 'jwks', 'authorize', 'token', 'idtoken', 'apptoken', 'graph'] as const
export type Place = (typeof PLACES)[number]

export const isPattern = (text: string): boolean => {
  try {
    RegExp(text, 'i')
    return true
  } catch {
    return false
  }
}

/** Where a word takes effect: `idtoken.nonce=other` when an ID token is made. */
export function placeOf(word: Word): Place {
  const beginning = word.split('.')[0]
  if (beginning === 'accesstoken') return 'token'
  const place = PLACES.find((candidate) => candidate === beginning)
  if (!place) throw new Error(`The word ${word} has no place.`)
  return place
}

/** A rule: where, which requests, how often, and what happens. */
export const ruleSchema = z
  .strictObject({
    /** May be left out beside a word, which has its own place. */
    at: z.enum(PLACES).optional(),
    match: z
      .strictObject({
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
        headers: z.record(z.string(), z.string()).default({}),
        body: z.string().default(''),
      })
      .optional(),
    /** token only: refused with this AADSTS code, in the shape and with the status that it has. */
    aadsts: z.number().int().positive().optional(),
    /** graph only: the next link of a page leads here instead. */
    nextLink: z.string().optional(),
    delayMs: z.number().int().positive().optional(),
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
      rule.truncate,
      rule.reset,
      rule.commitThenDrop,
    ]
    const does = deeds.some((deed) => deed !== undefined)
    const wrong = (message: string) => {
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    if (word === undefined && !does) return wrong('says what to match but not what happens')
    if (word !== undefined && does) return wrong('has a word and another deed; make two rules of it')
    if (word !== undefined && rule.at !== undefined && rule.at !== placeOf(word))
      return wrong(`the word ${word} takes effect at ${placeOf(word)}, not at ${rule.at}`)
    const at = rule.at ?? (word === undefined ? undefined : placeOf(word))
    if (at === undefined) return wrong('needs a place (at), as it has no word')
    if (does && (at === 'idtoken' || at === 'apptoken')) return wrong(`only a word can strike at ${at}`)
    if (rule.nextLink !== undefined && at !== 'graph') return wrong('a next link is bent at graph only')
    if (rule.aadsts !== undefined && at !== 'token') return wrong('AADSTS codes are given at token only')
    return { ...rule, at }
  })
export const rulesSchema = z.strictObject({ seed: z.number().int().default(1), rules: z.array(ruleSchema) })
export type Rule = z.output<typeof ruleSchema>
export type RuleInput = z.input<typeof ruleSchema>
