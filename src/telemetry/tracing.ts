import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const

/** Whether the environment says where traces go. */
export const tracingWanted = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env.OTEL_SDK_DISABLED !== 'true' && ENDPOINTS.some((name) => Boolean(env[name]))

/**
 * Sends this process's spans to a collector. Where, with which headers and certificates, OpenTelemetry's own variables
 * say, which its exporter reads by itself. To be disposed of last: what is still held back is sent then.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function startTracing(): AsyncDisposable {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'tenantry' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
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
