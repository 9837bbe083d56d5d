import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import {
  AuthenticationHandler,
  BatchRequestContent,
  BatchResponseContent,
  Client,
  type Context,
  GraphError,
  type Middleware,
  PageIterator,
  RetryHandler,
} from '@microsoft/microsoft-graph-client'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { appToken, FABRIKAM, graphEstate, READER, WRITER } from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())

/** Microsoft's own client with its authentication and its retries; only the last step is ours, to trust the emulator's authority. */
function clientFor(appId: string): Client {
  const authentication = new AuthenticationHandler({ getAccessToken: () => appToken(emulator, appId, FABRIKAM) })
  const retry = new RetryHandler()
  const dispatcher = new Agent({ connect: { ca: emulator.ca }, keepAliveTimeout: 10 })
  const send: Middleware = {
    async execute(context: Context) {
      const url = typeof context.request === 'string' ? context.request : context.request.url
      context.response = (await fetch(url, { ...(context.options as object), dispatcher })) as unknown as Response
    },
  }
  authentication.setNext(retry)
  retry.setNext(send)
  return Client.initWithMiddleware({
    middleware: authentication,
    baseUrl: `${emulator.origin}/`,
    customHosts: new Set(['localhost']),
  })
}

test('the Graph SDK turns every page with its own iterator', async () => {
  const client = clientFor(READER)
  const first = await client.api('/users').select('id,displayName').top(500).get()
  const seen = new Set<string>()
  await new PageIterator(client, first, ({ id }: { id: string }) => {
    seen.add(id)
    return true
  }).iterate()
  assert.equal(seen.size, 1_205)
})

test('the Graph SDK filters, counts, writes, and understands refusals', async () => {
  const client = clientFor(WRITER)
  const found = await client.api('/users').filter("startsWith(displayName,'grace')").get()
  assert.equal(found.value[0].userPrincipalName, 'grace@fabrikam.example')
  assert.equal(Number(await client.api('/users/$count').header('ConsistencyLevel', 'eventual').get()), 1_205)
  const group = await client
    .api('/groups')
    .post({ displayName: 'SDK', mailEnabled: false, mailNickname: 'sdk', securityEnabled: true })
  await client.api(`/groups/${group.id}`).patch({ description: 'made by the SDK' })
  assert.equal((await client.api(`/groups/${group.id}`).get()).description, 'made by the SDK')
  await client.api(`/groups/${group.id}`).delete()
  await assert.rejects(client.api(`/groups/${group.id}`).get(), (error) => {
    assert.ok(error instanceof GraphError)
    assert.equal(error.statusCode, 404)
    assert.equal(error.code, 'Request_ResourceNotFound')
    assert.ok(error.requestId)
    return true
  })
})

test('the Graph SDK’s retry handler fires on 429 and gets through', async () => {
  emulator.mischief.once({
    at: 'graph',
    match: { path: '/users$' },
    answer: { status: 429, headers: { 'retry-after': '1' }, body: '{"error":{"code":"TooManyRequests","message":""}}' },
  })
  const { value } = await clientFor(READER).api('/users').top(1).get()
  assert.equal(value.length, 1)
  assert.deepEqual(
    emulator.requests.list({ path: '^/v1.0/users$' }).map(({ status }) => status),
    [429, 200],
  )
})

test('the Graph SDK reads the answers of a batch by their ids', async () => {
  const client = clientFor(READER)
  // The SDK keeps what stands behind the host, and a batch's paths stand below the version.
  const request = (path: string) => new Request(`${emulator.origin}${path}`)
  const content = new BatchRequestContent([
    { id: '1', request: request('/users?$top=1') },
    { id: '2', request: request('/groups/none') },
  ])
  const answer = await client.api('/$batch').post(await content.getContent())
  const responses = new BatchResponseContent(answer)
  assert.equal(responses.getResponseById('1').status, 200)
  assert.equal(responses.getResponseById('2').status, 404)
})
