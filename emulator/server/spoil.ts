import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Body, Rule } from '#emulator/mischief/rules.ts'

/** An answer, whole. */
export type Whole = { status: number; headers: OutgoingHttpHeaders; body: Buffer }

const HTML = `<!doctype html>
<html><head><title>Service unavailable</title></head><body><h1>Our services aren’t available right now</h1></body></html>
`
const HUGE_BYTES = 10 * 1024 * 1024
const BOMB = { members: 64, memberBytes: 16 * 1024 * 1024 }

/** What becomes of the true answer. */
const SPOIL: Record<Body, (whole: Whole) => Partial<Whole>> = {
  empty: () => ({ body: Buffer.alloc(0) }),
  html: ({ headers }) => ({
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
    body: Buffer.from(HTML),
  }),
  half: ({ body }) => ({ body: body.subarray(0, Math.floor(body.length / 2)) }),
  'utf-16': ({ body }) => ({ body: Buffer.from(body.toString('utf8'), 'utf16le') }),
  // White space behind the text changes nothing for who reads it all.
  huge: ({ body }) => ({ body: Buffer.concat([body, Buffer.alloc(Math.max(0, HUGE_BYTES - body.length), ' ')]) }),
  // A gigabyte of spaces, of which a megabyte is sent: gzip may have many members. @see RFC 1952 section 2.2
  'gzip-bomb': ({ headers }) => ({
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: Buffer.concat(Array<Buffer>(BOMB.members).fill(gzipSync(Buffer.alloc(BOMB.memberBytes, ' ')))),
  }),
}

/** What the first rule that says so wants of the way in which an answer is sent. */
const wishOf = (rules: readonly Rule[]) => ({
  body: rules.find(({ body }) => body !== undefined)?.body,
  drip: rules.find(({ drip }) => drip !== undefined)?.drip,
  stall: rules.find(({ stall }) => stall !== undefined)?.stall,
  truncate: rules.find(({ truncate }) => truncate !== undefined)?.truncate,
})

export const spoils = (rules: readonly Rule[]): boolean =>
  Object.values(wishOf(rules)).some((part) => part !== undefined)

/**
 * Sends an answer as the rules want it: with another body, drop by drop, or not to its end.
 * @returns what was done, in words
 */
export function sendSpoiled(
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
  answer: Whole,
  rules: readonly Rule[],
  closing: AbortSignal,
): string {
  const { body: kind, drip, stall, truncate } = wishOf(rules)
  const { status, headers, body } = { ...answer, ...(kind === undefined ? {} : SPOIL[kind](answer)) }
  // Something is missing even where the answer is shorter than what is sent of it.
  const announced =
    truncate === undefined && stall === undefined ? body.length : Math.max(body.length, (truncate ?? stall ?? 0) + 1)
  outgoing.writeHead(status, { ...headers, 'content-length': announced })
  const part = body.subarray(0, truncate ?? stall ?? body.length)
  const end = () => {
    if (truncate !== undefined) incoming.socket.destroy()
    else if (stall === undefined) outgoing.end()
  }
  if (drip) {
    void dripOut(outgoing, part, drip, closing).then(end)
    return `${drip.bytes} bytes at a time`
  }
  outgoing.flushHeaders()
  outgoing.write(part, end)
  if (truncate !== undefined) return `cut after ${truncate} bytes`
  return stall === undefined ? `another body (${kind})` : `nothing more after ${stall} bytes`
}

async function dripOut(
  outgoing: ServerResponse,
  body: Buffer,
  { bytes, everyMs }: NonNullable<Rule['drip']>,
  closing: AbortSignal,
): Promise<void> {
  for (let sent = 0; sent < body.length && !outgoing.destroyed && !closing.aborted; sent += bytes) {
    outgoing.write(body.subarray(sent, sent + bytes))
    await wait(everyMs, undefined, { signal: closing, ref: false }).catch(() => {})
  }
}
