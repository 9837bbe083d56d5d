import { type Call, root } from '#emulator/graph/call.ts'
import type { Word } from '#emulator/mischief/words.ts'

const EVIL = 'graph.evil.example'

/** Where a link leads that a client must not follow, by the word for it. The rest of the link stays. */
const BENT: Partial<Record<Word, (link: URL, call: Call) => string>> = {
  'graph.nextLink=other-host': (link) => `https://${EVIL}${rest(link)}`,
  // What a check by startsWith() lets through.
  'graph.nextLink=suffix-host': (link) => `https://${link.hostname}.evil.example${port(link)}${rest(link)}`,
  'graph.nextLink=userinfo': (link) => `https://${link.host}@${EVIL}${rest(link)}`,
  'graph.nextLink=http': (link) => `http://${link.host}${rest(link)}`,
  'graph.nextLink=port': (link) => `https://${link.hostname}:4443${rest(link)}`,
  // An address of the documentation's own network. @see RFC 5737
  'graph.nextLink=address': (link) => `https://203.0.113.7${rest(link)}`,
  'graph.nextLink=no-scheme': (link) => `//${EVIL}${rest(link)}`,
  'graph.nextLink=other-version': (link) => `${link.origin}${rest(link).replace(/^\/v1\.0\//, '/v9.9/')}`,
  'graph.nextLink=itself': (_, call) => `${root(call)}${call.path}${call.query === '' ? '' : `?${call.query}`}`,
  'graph.deltaLink=other-host': (link) => `https://${EVIL}${rest(link)}`,
  'graph.deltaLink=tampered': (link) => `${link.origin}${rest(link)}AA`,
}

const rest = ({ pathname, search }: URL): string => pathname + search
const port = (link: URL): string => (link.port === '' ? '' : `:${link.port}`)

/** The link as it is sent: the true one, unless mischief bends it. */
export function bend(call: Call, which: 'nextLink' | 'deltaLink', link: string): string {
  if (which === 'nextLink' && call.bentLink !== null) return call.bentLink
  const word = call.words.find((candidate) => candidate.startsWith(`graph.${which}=`))
  return (word && BENT[word]?.(new URL(link), call)) ?? link
}
