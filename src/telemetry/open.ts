import { type Attributes, SpanStatusCode, trace } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

/** What a process does, counted: for Prometheus as figures, and for a collector as spans. */
export type Telemetry = {
  /** A token was asked of Entra ID: `issued`, or the code of what went wrong. */
  tokenAsked(outcome: string): void
  /** Graph answered, or did not: 0. */
  graphAnswered(status: number): void
  /** A 429 inside an answer: one request of a batch was refused. */
  graphRefusedForNow(): void
  /** So much Graph has counted for a request: as it says itself, or else as it documents. */
  unitsSpent(units: number): void
  /** A piece of work from the queue has ended: `done`, or the code of what went wrong. */
  jobEnded(name: string, outcome: string, seconds: number): void
  /** An incident was opened. */
  incidentOpened(code: string): void
  /** When the credential in use ends. */
  credentialEnds(at: Date): void
  /** Microsoft said something that no table of ours knows. */
  codeUnknown(code: string): void
  /** Does `work` in a span of its own. */
  span<Value>(name: string, attributes: () => Attributes, work: (note: Note) => Promise<Value>): Promise<Value>
  /** The figures as Prometheus reads them. */
  exposition(): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

/** Seconds: from a directory in which nothing has changed to one with very many people. */
const JOB_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800]

/** However many codes somebody makes up, there are so many series. */
const MAX_CODES = 100
const OTHER = 'other'
const ANSWERS = ['2xx', '4xx', '5xx', 'none']

/** One meter for each process, its own: figures of two that run in one program do not mix. */
export function openTelemetry(): Telemetry {
  const reader = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({ readers: [reader] })
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  const meter = provider.getMeter('tenantry')
  const tokens = meter.createCounter('tenantry_tokens', { description: 'App tokens asked of Entra ID by outcome.' })
  const answers = meter.createCounter('tenantry_graph_requests', {
    description: 'Requests to Microsoft Graph by class of the answer; none when it did not come.',
  })
  const throttled = meter.createCounter('tenantry_graph_throttled', {
    description: 'Answers of Microsoft Graph that asked for patience (429).',
  })
  const units = meter.createCounter('tenantry_graph_units', {
    description: 'Resource units that Graph has counted: as its answers say, or else as it documents.',
  })
  const jobs = meter.createHistogram('tenantry_job_seconds', {
    description: 'How long work from the queue took, by kind and outcome.',
    advice: { explicitBucketBoundaries: JOB_SECONDS },
  })
  const incidents = meter.createCounter('tenantry_incidents', { description: 'Incidents opened, by code.' })
  const unknown = meter.createCounter('tenantry_unknown_codes', {
    description: 'Answers of Microsoft whose code Tenantry does not know, by that code.',
  })
  const credential = meter.createGauge('tenantry_credential_expiry_timestamp_seconds', {
    description: 'When the app’s credential ends, in seconds since 1970; nothing while nobody knows.',
  })
  meter
    .createObservableGauge('process_resident_memory_bytes', { description: 'Resident memory of this process.' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()))
  meter
    .createObservableGauge('process_uptime_seconds', { description: 'For how long this process has been running.' })
    .addCallback((result) => result.observe(process.uptime()))
  const seen = new Set<string>()
  // What never happened is told as nought, so that its first time is seen as a rise.
  throttled.add(0)
  units.add(0)
  tokens.add(0, { outcome: 'issued' })
  unknown.add(0, { code: OTHER })
  for (const status of ANSWERS) answers.add(0, { status })
  return {
    tokenAsked: (outcome) => tokens.add(1, { outcome }),
    graphAnswered(status) {
      answers.add(1, { status: status === 0 ? 'none' : `${Math.floor(status / 100)}xx` })
      if (status === 429) throttled.add(1)
    },
    graphRefusedForNow: () => throttled.add(1),
    unitsSpent: (count) => units.add(count),
    jobEnded: (name, outcome, seconds) => jobs.record(seconds, { job: name, outcome }),
    incidentOpened: (code) => incidents.add(1, { code }),
    credentialEnds: (at) => credential.record(at.getTime() / 1_000),
    codeUnknown(code) {
      if (seen.size < MAX_CODES) seen.add(code)
      unknown.add(1, { code: seen.has(code) ? code : OTHER })
    },
    span: inSpan,
    async exposition() {
      const { resourceMetrics } = await reader.collect()
      return serializer.serialize(resourceMetrics)
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  }
}

/** Says more of a span while it goes on. */
export type Note = (attributes: Attributes) => void

/**
 * Does `work` in a span. Where nobody collects them this costs nothing. Of what goes wrong it keeps our code and no text.
 * @param attributes asked for only where somebody collects them; never a token, a secret, a query or a name from a directory
 */
export const inSpan = <Value>(
  name: string,
  attributes: () => Attributes,
  work: (note: Note) => Promise<Value>,
): Promise<Value> =>
  trace.getTracer('tenantry').startActiveSpan(name, async (span) => {
    if (!span.isRecording()) return work(() => {})
    try {
      span.setAttributes(attributes())
      return await work((more) => span.setAttributes(more))
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      span.setAttribute('error.type', codeOf(error))
      throw error
    } finally {
      span.end()
    }
  })

const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN'
}
