import { BlockList, isIP } from 'node:net'
import type { Context } from 'hono'

/** What Node's adapter gives with each request. */
type NodeBindings = { incoming?: { socket?: { remoteAddress?: string } } }
/** Who is asking, as far as that can be told: an address, or `unknown`. */
export type AddressOf = (c: Context) => string

/**
 * Addresses that no visitor from the internet has: this machine, private networks (RFC 1918, RFC 4193), link-local ones,
 * and those shared behind a provider's translator, which clouds give to their balancers.
 * @see RFC 6598
 */
const NEARBY = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1',
  'fc00::/7',
  'fe80::/10',
]

/**
 * The connection's own address or, where it comes from a trusted proxy, what that proxy has added to X-Forwarded-For; and
 * so on, from the right, as long as what was added is a trusted proxy too. What a client writes itself stands before that.
 * @param trusted addresses and networks in CIDR notation; `nearby` for those that nobody on the internet has
 */
export function openAddressOf(trusted: readonly string[]): AddressOf {
  const proxies = listOf(trusted.flatMap((entry) => (entry === 'nearby' ? NEARBY : [entry])))
  const isProxy = (address: string) => isIP(address) !== 0 && proxies.check(address, familyOf(address))
  return (c) => {
    let address = (c.env as NodeBindings | undefined)?.incoming?.socket?.remoteAddress ?? 'unknown'
    for (const added of c.req.header('x-forwarded-for')?.split(',').toReversed() ?? []) {
      const before = withoutPort(added.trim())
      if (!isProxy(address) || isIP(before) === 0) break
      address = before
    }
    return address
  }
}

function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    if (prefix === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(prefix), familyOf(address))
  }
  return list
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Some proxies add the port, which is another one for every connection. */
const withoutPort = (added: string): string => {
  const [, bracketed, plain] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(added) ?? []
  return bracketed ?? plain ?? added
}
