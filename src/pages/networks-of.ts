import { isIPv6 } from 'node:net'

/** A network, and how many times what one address may do all of it may do together. */
export type Share = { network: string; times: number }

const SITE_TIMES = 4

/**
 * Whose address it is, as far as an address tells. Of IPv6 a subscriber usually has a whole /64, and many get a /48 for
 * the asking: 65,536 of them.
 * @see RFC 6177 section 2
 */
export function networksOf(address: string): readonly Share[] {
  const groups = groupsOf(address)
  if (!groups) return [{ network: address, times: 1 }]
  const mapped = mappedIPv4(groups)
  if (mapped) return [{ network: mapped, times: 1 }]
  return [
    { network: `${groups.slice(0, 4).join(':')}::/64`, times: 1 },
    { network: `${groups.slice(0, 3).join(':')}::/48`, times: SITE_TIMES },
  ]
}

/** The eight groups of an IPv6 address, however it is written. */
function groupsOf(address: string): string[] | null {
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return null
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')
  const [before, after] = [head, tail ?? ''].map((part) => (part ? part.split(':') : [])) as [string[], string[]]
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
}

/** How a socket for both kinds of address names one of IPv4. */
function mappedIPv4(groups: readonly string[]): string | null {
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return null
  return groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
    .join('.')
}
