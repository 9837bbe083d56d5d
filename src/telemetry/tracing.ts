import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const

type Environment = Readonly<Record<string, string | undefined>>

/** A collector that is away keeps a process from ending for so long; OpenTelemetry’s own ten seconds are all that a container has. */
const PATIENCE_MILLISECONDS = 3_000
const TIMEOUTS = ['OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'] as const
const patience = (env: Environment) =>
  TIMEOUTS.some((name) => Boolean(env[name])) ? {} : { timeoutMillis: PATIENCE_MILLISECONDS }

/** Whether the environment says where traces go. */
export const tracingWanted = (env: Environment): boolean =>
  env.OTEL_SDK_DISABLED !== 'true' && ENDPOINTS.some((name) => Boolean(env[name]))

/**
 * Sends this process's spans to a collector. Where, with which headers and certificates, OpenTelemetry's own variables
 * say, which its exporter reads by itself. To be disposed of last: what is still held back is sent then.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function startTracing(env: Environment): AsyncDisposable {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'tenantry' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(patience(env)) })],
  })
  trace.setGlobalTracerProvider(provider)
  return {
    async [Symbol.asyncDispose]() {
      // A collector that is away must not keep a process from ending.
      await provider.shutdown().catch(() => {})
      trace.disable()
      context.disable()
    },
  }
}
