import { type IncomingMessage, request } from 'node:http'

/** An answer that has begun and is not read to its end. */
export type HeldAnswer = { status: number; retryAfter: string | undefined; hangUp(): void }

/** Asks and stays, as a page does that is kept up to date. */
export async function holdOpen(url: string, headers: Record<string, string>): Promise<HeldAnswer> {
  const asked = request(url, { headers, agent: false })
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject)
    asked.end()
  })
  asked.on('error', () => {})
  answer.on('error', () => {})
  answer.resume()
  return {
    status: answer.statusCode ?? 0,
    retryAfter: answer.headers['retry-after'],
    hangUp: () => asked.destroy(),
  }
}
