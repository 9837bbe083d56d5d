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
] as const
export type Word = (typeof WORDS)[number]

const PLACES = ['discovery', 'jwks', 'authorize', 'token', 'idtoken', 'apptoken', 'graph'] as const
export type Place = (typeof PLACES)[number]

/** A rule: where, which requests, how often, and what happens. */
export const ruleSchema = z.strictObject({
  at: z.enum(PLACES),
  match: z
    .strictObject({
      method: z.string().optional(),
      path: z.string().optional(),
      tenant: z.string().optional(),
      app: z.string().optional(),
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
export const rulesSchema = z.strictObject({ seed: z.number().int().default(1), rules: z.array(ruleSchema) })
export type Rule = z.output<typeof ruleSchema>
export type RuleInput = z.input<typeof ruleSchema>
