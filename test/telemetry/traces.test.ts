import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DEMO, type EstateInput } from '#emulator/index.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { freePort } from '#test/support/ports.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { type Collector, openCollector } from '#test/telemetry/support/collector.ts'

/** As if Contoso had consented and granted long ago. */
const alreadyGranted = (estate: EstateInput): EstateInput => ({
  ...estate,
  servicePrincipals: [
    ...(estate.servicePrincipals ?? []),
    { tenant: DEMO.contoso, appId: DEMO.appId, application: ['User.Read.All'] },
  ],
})

suite('traces of a running process', () => {
  const scope = suiteScope()
  const place = async (settings: Record<string, string>): Promise<Deployment> =>
    openDeployment(scope, { change: alreadyGranted, settings })
  const readContoso = async (deployment: Deployment) => {
    const program = await deployment.open('dev')
    const { code, stderr } = await deployment.run('run', 'print-users', '--tenant', DEMO.contoso, '--json')
    assert.equal(code, 0, stderr)
    return program
  }

  test('arrive at the collector that OpenTelemetry’s variables name, with its headers, at the latest when it stops; none holds a token', async () => {
    const collector: Collector = await openCollector(scope)
    const program = await readContoso(
      await place({
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-team=northwind',
        OTEL_SERVICE_NAME: 'insights',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      }),
    )
    assert.equal(await program.stop(), 0)

    const token = collector.spans.find(
      ({ name, attributes }) => name === 'token' && attributes['tenantry.tenant'] === DEMO.contoso,
    )
    assert.ok(token, collector.spans.map(({ name }) => name).join(', '))
    assert.deepEqual(
      [token.resource['service.name'], token.resource['deployment.environment.name'], token.status],
      ['insights', 'test', 0],
    )
    assert.ok(
      collector.spans.some(({ name }) => /graph/i.test(name)),
      collector.spans.map(({ name }) => name).join(', '),
    )
    assert.ok(
      collector.received.every((text) => text.includes('"url":"/v1/traces"') && text.includes('"x-team":"northwind"')),
    )
    const root = collector.spans.find(({ spanId }) => spanId === token.parentSpanId)
    assert.deepEqual([root?.name, root?.attributes['tenantry.job']], ['job by hand', 'print-users'])
    for (const secret of ['eyJ', DEMO.secret, '$select'])
      assert.ok(!collector.received.join('').includes(secret), secret)
  })

  test('have nowhere to go: the process works all the same, and stops in order', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    const program = await readContoso(await place({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }))
    assert.equal(await program.stop(), 0)
  })
})
