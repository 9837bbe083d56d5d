import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Answers = {
  handshake: (token: string, response: ServerResponse) => void
  notification: (response: ServerResponse) => void
}
const STANDARD: Answers = {
  handshake: (token, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(token),
  notification: (response) => response.writeHead(202).end(),
}

/** A client's notification address: how it answers can be changed, and what it was told can be waited for. */
export async function openSubscriber() {
  const handshakes: IncomingMessage[] = []
  let told: Record<string, unknown>[] = []
  let answers = STANDARD
  const listener = createServer((request, response) => void receive(request, response))
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams, pathname } = new URL(request.url ?? '/', 'http://localhost')
    const token = searchParams.get('validationToken')
    if (token !== null) {
      handshakes.push(request)
      answers.handshake(token, response)
      return
    }
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const items: Record<string, unknown>[] = JSON.parse(body).value
    told.push(...items.map((item) => ({ ...item, at: pathname })))
    answers.notification(response)
    listener.emit('told')
  }
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    url: `http://localhost:${(listener.address() as AddressInfo).port}`,
    handshakes,
    answer(by: Partial<Answers>) {
      answers = { ...answers, ...by }
    },
    forget() {
      told = []
      handshakes.length = 0
      answers = STANDARD
    },
    told: () => told,
    async toldAtLeast(count: number) {
      while (told.length < count) await once(listener, 'told')
      return told
    },
    close() {
      listener.closeAllConnections()
      listener.close()
    },
  }
}
