import { generateKeyPairSync, sign } from 'node:crypto'

/** Signs tokens of so many bytes, one after the other, and does nothing else; prints how many a second. */
const [bytes = 0, milliseconds = 0] = process.argv.slice(2).map(Number)
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const claims = Buffer.alloc(bytes, 'a')
const from = performance.now() + milliseconds / 4
let tokens = 0
for (const until = from + milliseconds; performance.now() < until; tokens += 1) {
  if (performance.now() < from) tokens = -1
  sign('sha256', claims, privateKey).toString('base64url')
}
console.log(JSON.stringify((tokens * 1_000) / milliseconds))
