/** Everything that can be made to go wrong in one word. */
export const WORDS = [
  'idtoken.nonce=other',
  'idtoken.nonce=absent',
  'idtoken.sig=none',
  'idtoken.sig=stripped',
  'idtoken.sig=hs256',
  'idtoken.sig=hs256-secret',
  'idtoken.sig=es256',
  'idtoken.sig=wrong',
  'idtoken.sig=unknown-kid',
  'idtoken.sig=no-kid',
  'idtoken.sig=own-jwk',
  'idtoken.sig=own-jku',
  'idtoken.sig=crit',
  'idtoken.iss=other-host',
  'idtoken.iss=other-tenant',
  'idtoken.iss=v1',
  'idtoken.iss=trailing-slash',
  'idtoken.iss=absent',
  'idtoken.tid=other',
  'idtoken.tid=common',
  'idtoken.tid=array',
  'idtoken.tid=absent',
  'idtoken.tid=personal',
  'idtoken.oid=absent',
  'idtoken.sub=absent',
  'idtoken.aud=other',
  'idtoken.aud=extra',
  'idtoken.aud=absent',
  'idtoken.azp=other',
  'idtoken.exp=past',
  'idtoken.exp=absent',
  'idtoken.nbf=future',
  'idtoken.iat=future',
  'idtoken.iat=absent',
  'idtoken.at_hash=wrong',
  'idtoken.c_hash=wrong',
  'idtoken.ver=1.0',
  'accesstoken.tid=other',
  'accesstoken.aio=long',
  'apptoken.swap',
  'apptoken.aud=other',
  'apptoken.roles=absent',
  'authorize.stripChallenge',
  'authorize.iss=other',
  'authorize.state=other',
  'authorize.state=absent',
  'discovery.tokenEndpoint=foreign',
  'discovery.jwksUri=foreign',
  'discovery.issuer=wrong',
  'jwks.keys=decoys',
  'jwks.keys=none',
  'jwks.keys=one',
  'jwks.issuer=other',
  'graph.page=empty',
  'graph.page=none',
  'graph.page=overlapping',
  'graph.page=reversed',
  'graph.nextLink=other-host',
  'graph.nextLink=suffix-host',
  'graph.nextLink=userinfo',
  'graph.nextLink=http',
  'graph.nextLink=port',
  'graph.nextLink=address',
  'graph.nextLink=no-scheme',
  'graph.nextLink=other-version',
  'graph.nextLink=itself',
  'graph.deltaLink=other-host',
  'graph.deltaLink=tampered',
  'graph.delta=resync',
  'graph.batch=missing',
  'graph.claims=wanted',
] as const
export type Word = (typeof WORDS)[number]

/** Where something can be made to go wrong; a word says it by its beginning. */
export const PLACES = ['discovery', 'jwks', 'authorize', 'token', 'idtoken', 'apptoken', 'graph'] as const
export type Place = (typeof PLACES)[number]

/** Where a word takes effect: `idtoken.nonce=other` when an ID token is made. */
export function placeOf(word: Word): Place {
  const beginning = word.split('.')[0]
  if (beginning === 'accesstoken') return 'token'
  const place = PLACES.find((candidate) => candidate === beginning)
  if (!place) throw new Error(`The word ${word} has no place.`)
  return place
}
