import assert from 'node:assert/strict'

/** Where a page goes on to by itself; whoever presses its button comes to the same place. */
export function onwardFrom({ status, text }: { status: number; text: string }): URL {
  assert.equal(status, 200, text)
  const [, address = ''] = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(text) ?? []
  assert.ok(address && text.includes(`href="${address}"`), text)
  return new URL(address.replaceAll('&amp;', '&'))
}
