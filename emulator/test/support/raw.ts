import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import type { Emulator } from '#emulator/index.ts'

/** An answer as it came over the wire: nothing is unzipped or decoded. */
export async function rawAnswer(emulator: Emulator, path: string) {
  const answer = await begin(emulator, path)
  let pieces = 0
  answer.on('data', () => {
    pieces += 1
  })
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer), pieces }
}

/** An answer that does not come to its end: what there is of it, and whether it still may come. */
export async function openAnswer(emulator: Emulator, path: string) {
  const answer = await begin(emulator, path)
  return {
    async read(): Promise<Buffer> {
      const [piece] = await once(answer, 'data')
      return piece as Buffer
    },
    isOpen: () => !answer.complete && !answer.destroyed,
    hangUp: () => void answer.destroy(),
  }
}

async function begin(emulator: Emulator, path: string): Promise<IncomingMessage> {
  const asked = request(`${emulator.origin}${path}`, { ca: emulator.ca, agent: false })
  asked.end()
  const [answer] = await once(asked, 'response')
  return answer as IncomingMessage
}

/** How much it becomes, member by member, so that it does not have to be held. */
export function unzippedLength(zipped: Buffer): number {
  const magic = Buffer.from([0x1f, 0x8b, 0x08])
  const members: number[] = []
  for (let at = zipped.indexOf(magic); at !== -1; at = zipped.indexOf(magic, at + 1)) members.push(at)
  const [first = 0, second = zipped.length] = members
  return gunzipSync(zipped.subarray(first, second)).length * members.length
}
