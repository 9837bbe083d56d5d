import assert from 'node:assert/strict'
import { after, beforeEach, suite, test } from 'node:test'
import { ClientSecretCredential } from '@azure/identity'
import {
  AuthenticationHandler,
  BatchRequestContent,
  BatchResponseContent,
  Client,
  type Context,
  GraphError,
  type Middleware,
  PageIterator,
  RedirectHandler,
  ResponseType,
  RetryHandler,
} from '@microsoft/microsoft-graph-client'
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { ofNpm } from '#emulator/test/conformance/support/installed.ts'
import { CUSTOMERS, forEachOf, manyTenants } from '#emulator/test/conformance/support/many-tenants.ts'
import { appToken, FABRIKAM, graphEstate, NOBODY, READER, WRITER } from '#emulator/test/graph/support.ts'
import { APP, GRAPH_DEFAULT, SECRET } from '#emulator/test/support/estate.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())

/** Microsoft's own client with its own handlers; only the last step is ours, to trust the emulator's authority. */
function clientWith(getAccessToken: () => Promise<string>, { origin, ca } = emulator): Client {
  const authentication = new AuthenticationHandler({ getAccessToken })
  const retry = new RetryHandler()
  const redirect = new RedirectHandler()
  const dispatcher = new Agent({ connect: { ca }, keepAliveTimeout: 10 })
  const send: Middleware = {
    async execute(context: Context) {
      const url = typeof context.request === 'string' ? context.request : context.request.url
      context.response = (await fetch(url, { ...(context.options as object), dispatcher })) as unknown as Response
    },
  }
  authentication.setNext(retry)
  retry.setNext(redirect)
  redirect.setNext(send)
  return Client.initWithMiddleware({
    middleware: authentication,
    baseUrl: `${origin}/`,
    customHosts: new Set(['localhost']),
  })
}
const clientFor = (appId: string): Client => clientWith(() => appToken(emulator, appId, FABRIKAM))

async function idsOf(client: Client, path: string): Promise<{ ids: Set<string>; deltaLink: string | undefined }> {
  const ids = new Set<string>()
  const iterator = new PageIterator(client, await client.api(path).get(), ({ id }: { id: string }) => {
    ids.add(id)
    return true
  })
  await iterator.iterate()
  return { ids, deltaLink: iterator.getDeltaLink() }
}

suite(ofNpm('Microsoft Graph JavaScript SDK', '@microsoft/microsoft-graph-client'), () => {
  test('turns every page with its own iterator, and can stop and go on', async () => {
    const client = clientFor(READER)
    assert.equal((await idsOf(client, '/users?$select=id,displayName&$top=500')).ids.size, 1_205)
    const seen: string[] = []
    const iterator = new PageIterator(client, await client.api('/users').get(), ({ id }: { id: string }) => {
      seen.push(id)
      return seen.length !== 150
    })
    await iterator.iterate()
    assert.equal(seen.length, 150)
    await iterator.resume()
    assert.equal(new Set(seen).size, 1_205)
  })

  test('its iterator brings the delta link, and the next round says what came and went', async () => {
    const client = clientFor(WRITER)
    const first = await idsOf(client, '/users/delta?$select=displayName')
    assert.equal(first.ids.size, 1_205)
    assert.ok(first.deltaLink)
    const [gone] = first.ids
    await client.api(`/users/${gone}`).delete()
    const { value } = await client.api(first.deltaLink).get()
    assert.deepEqual(
      value.map((item: Record<string, unknown>) => [item.id, item['@removed']]),
      [[gone, { reason: 'changed' }]],
    )
  })

  test('filters, counts, searches, expands', async () => {
    const client = clientFor(READER)
    const found = await client.api('/users').filter("startsWith(displayName,'grace')").get()
    assert.equal(found.value[0].userPrincipalName, 'grace@fabrikam.example')
    const eventual = ['ConsistencyLevel', 'eventual'] as const
    assert.equal(
      Number(
        await client
          .api('/users/$count')
          .header(...eventual)
          .get(),
      ),
      1_205,
    )
    const searched = await client
      .api('/users')
      .header(...eventual)
      .search('"displayName:grace"')
      .count(true)
      .get()
    assert.ok(searched['@odata.count'] >= 1)
    const [group] = (await client.api('/groups').top(1).expand('members').get()).value
    assert.ok(Array.isArray(group.members))
  })

  test('creates, changes and deletes; a raw answer has status and headers', async () => {
    const client = clientFor(WRITER)
    const group = await client
      .api('/groups')
      .post({ displayName: 'SDK', mailEnabled: false, mailNickname: 'sdk', securityEnabled: true })
    await client.api(`/groups/${group.id}`).patch({ description: 'made by the SDK' })
    assert.equal((await client.api(`/groups/${group.id}`).get()).description, 'made by the SDK')
    const { value } = await client.api('/users').top(1).get()
    const member = { '@odata.id': `${emulator.origin}/v1.0/directoryObjects/${value[0].id}` }
    await client.api(`/groups/${group.id}/members/$ref`).post(member)
    assert.equal((await client.api(`/groups/${group.id}/members`).get()).value[0].id, value[0].id)
    const raw: Response = await client.api(`/groups/${group.id}`).responseType(ResponseType.RAW).get()
    assert.equal(raw.status, 200)
    assert.ok(raw.headers.get('request-id'))
    await client.api(`/groups/${group.id}`).delete()
  })

  test('understands refusals: GraphError with status, code and request id', async () => {
    for (const [appId, path, statusCode, code] of [
      [WRITER, '/groups/99999999-0000-4000-8000-000000000000', 404, 'Request_ResourceNotFound'],
      [NOBODY, '/users', 403, 'Authorization_RequestDenied'],
      [READER, '/me', 400, 'BadRequest'],
    ] as const)
      await assert.rejects(clientFor(appId).api(path).get(), (error) => {
        assert.ok(error instanceof GraphError)
        assert.deepEqual([error.statusCode, error.code], [statusCode, code])
        assert.match(error.requestId ?? '', /^[0-9a-f-]{36}$/)
        return true
      })
    const stranger = clientWith(async () => '')
    await assert.rejects(stranger.api('/users').get(), { statusCode: 401, code: 'InvalidAuthenticationToken' })
  })

  test('its retry handler fires on 429, 503 and 504, and gets through', async () => {
    const patience = { headers: { 'retry-after': '1' }, body: '{"error":{"code":"Later","message":""}}' }
    emulator.mischief.set(
      [429, 503, 504].map((status, index) => ({
        at: 'graph' as const,
        match: { path: '/users$' },
        nth: index + 1,
        times: 1,
        answer: { status, ...patience },
      })),
    )
    const { value } = await clientFor(READER).api('/users').top(1).get()
    assert.equal(value.length, 1)
    assert.deepEqual(
      emulator.requests.list({ path: '^/v1.0/users$' }).map(({ status }) => status),
      [429, 503, 504, 200],
    )
  })

  test('throttled as documented, it waits as long as it is told and goes on', async () => {
    emulator.throttle.set({ limitScale: 0.01, retryAfter: 'seconds' })
    const client = clientFor(READER)
    const isThrottled = () => emulator.requests.list({ status: 429 }).length > 0
    for (let calls = 0; calls < 200 && !isThrottled(); calls++) await client.api('/users').top(1).get()
    assert.ok(isThrottled())
    assert.equal(emulator.requests.list({ path: '/users$' }).at(-1)?.status, 200)
  })

  test('a batch: answers by their ids, what depends on a failure fails, twenty at most', async () => {
    const client = clientFor(READER)
    // The SDK keeps what stands behind the host, and a batch's paths stand below the version.
    const request = (path: string) => new Request(`${emulator.origin}${path}`)
    const content = new BatchRequestContent([
      { id: '1', request: request('/users?$top=1') },
      { id: '2', request: request('/groups/none') },
    ])
    const responses = new BatchResponseContent(await client.api('/$batch').post(await content.getContent()))
    assert.deepEqual(
      ['1', '2'].map((id) => responses.getResponseById(id).status),
      [200, 404],
    )
    const first = (await responses.getResponseById('1').json()) as { value: unknown[] }
    assert.equal(first.value.length, 1)
    const serial = new BatchRequestContent([
      { id: '1', request: request('/groups/none') },
      { id: '2', request: request('/users?$top=1'), dependsOn: ['1'] },
    ])
    const failed = new BatchResponseContent(await client.api('/$batch').post(await serial.getContent()))
    assert.equal(failed.getResponseById('2').status, 424)
    const many = Array.from({ length: 20 }, (_, index) => ({
      id: String(index),
      request: request('/organization?$select=id'),
    }))
    const twenty = new BatchResponseContent(
      await client.api('/$batch').post(await new BatchRequestContent(many).getContent()),
    )
    assert.equal([...twenty.getResponses().values()].length, 20)
  })

  test('with @azure/identity behind it, a hundred tenants: each sees its own users alone', async () => {
    await using many = await startEmulator({ estate: manyTenants })
    const credential = new ClientSecretCredential(CUSTOMERS[0] ?? '', APP, SECRET, {
      authorityHost: many.origin,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: many.ca },
      additionallyAllowedTenants: ['*'],
    })
    const counts = await forEachOf(CUSTOMERS.slice(0, 100), async (tenantId) => {
      const provider = new TokenCredentialAuthenticationProvider(credential, {
        scopes: [GRAPH_DEFAULT],
        getTokenOptions: { tenantId },
      })
      const client = clientWith(() => provider.getAccessToken(), many)
      const { value } = await client.api('/users').get()
      return value.length
    })
    assert.deepEqual(
      counts,
      CUSTOMERS.slice(0, 100).map((_, index) => 3 + (index % 5)),
    )
  })
})
