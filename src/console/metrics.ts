import type { Handler } from 'hono'
import type { FleetWatch } from '#console/fleet-watch.ts'
import type { Fleet } from '#flows/fleet/oversee-fleet.ts'
import { DEAD_LETTER } from '#jobs/names.ts'
import { daysLeft } from '#model/credential.ts'
import type { SyncRun } from '#model/sync-run.ts'
import { TENANT_STATES } from '#model/tenant.ts'
import { answers } from '#store/database/ping-store.ts'
import type { Tools } from '#tools.ts'

const LOOPBACK = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/
const LOOPBACK_NAMES = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i

type Peer = { incoming?: { socket?: { remoteAddress?: string } } }

/**
 * Figures for Prometheus, to whoever asks on this machine: neither through a proxy, which shows by what it adds, nor
 * under another name than the loopback's. What this process has counted itself is told also while the database is away.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const metrics =
  (fleet: FleetWatch, { telemetry, log, store }: Pick<Tools, 'telemetry' | 'log' | 'store'>): Handler =>
  async (c) => {
    const address = (c.env as Peer | undefined)?.incoming?.socket?.remoteAddress ?? ''
    const passedOn = ['forwarded', 'x-forwarded-for', 'via'].some((name) => c.req.header(name) !== undefined)
    if (!LOOPBACK.test(address) || passedOn || !LOOPBACK_NAMES.test(c.req.header('host') ?? ''))
      return c.text('Metrics are given on the loopback address only.\n', 403)
    // A scraper has less patience than a look at the fleet, and hears nothing at all when it is over.
    const look = async () => ((await answers(store)) ? fleet.look() : null)
    const seen = await look().catch((error: unknown): null => {
      log.warn({ err: error }, 'the figures of the fleet could not be read')
      return null
    })
    const figures = [seen ? fleetFigures(seen) : '', reachable(seen !== null), await telemetry.exposition()]
    return c.body(figures.join(''), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    })
  }

type Sample = { labels?: Record<string, string>; value: number }

function fleetFigures({
  at,
  byState,
  runs,
  troubles,
  queue,
  workers,
  lag,
  worstLags,
  budgetLeft,
  schedules,
  incidentCounts,
  credentialEndsAt,
}: Fleet): string {
  const sum = (state: SyncRun['state']) => runs.hours.reduce((total, hour) => total + hour[state], 0)
  const seconds = (since: Date | null) => (since ? Math.max(0, (at.getTime() - since.getTime()) / 1_000) : 0)
  return [
    gauge(
      'tenantry_tenants',
      'Tenants by state.',
      TENANT_STATES.map((state) => ({ labels: { state }, value: byState[state] ?? 0 })),
    ),
    gauge(
      'tenantry_tenants_in_trouble',
      'Tenants in trouble by code and by who can mend it.',
      troubles.map(({ code, owner, tenants }) => ({ labels: { code, owner }, value: tenants })),
    ),
    gauge(
      'tenantry_runs_last_day',
      'Runs begun in the last 24 hours by state.',
      (['succeeded', 'failed', 'interrupted', 'running', 'waiting'] as const).map((state) => ({
        labels: { state },
        value: sum(state),
      })),
    ),
    gauge(
      'tenantry_run_failures_last_day',
      'Runs that failed in the last 24 hours by code and by who can mend it.',
      runs.failures.map(({ code, owner, runs: value }) => ({ labels: { code, owner }, value })),
    ),
    gauge(
      'tenantry_queue_jobs',
      'Jobs in the queue by kind and state.',
      queue.flatMap(({ name, ready, deferred, active, failed }) =>
        Object.entries({ ready, deferred, active, failed }).map(([state, value]) => ({
          labels: { queue: name, state },
          value,
        })),
      ),
    ),
    gauge(
      'tenantry_queue_oldest_due_seconds',
      'For how long the longest waiting job has been due; 0 when none is. What was given up waits for a person.',
      queue
        .filter(({ name }) => name !== DEAD_LETTER)
        .map(({ name, oldestDueAt }) => ({ labels: { queue: name }, value: seconds(oldestDueAt) })),
    ),
    gauge('tenantry_workers', 'Processes that do jobs and were heard of a short while ago.', [
      { value: workers.length },
    ]),
    gauge(
      'tenantry_sync_lag_seconds',
      'For how long working tenants have not been read: so long at most half of them, 95 %, all.',
      [
        { labels: { quantile: '0.5' }, value: lag.median },
        { labels: { quantile: '0.95' }, value: lag.p95 },
        { labels: { quantile: '1' }, value: lag.longest },
      ],
    ),
    gauge(
      'tenantry_tenant_sync_lag_seconds',
      'For how long a tenant has not been read: of those for which it is longest, as many as TENANTRY_METRICS_TENANTS says.',
      worstLags.map(({ id, lagSeconds }) => ({ labels: { tenant: id }, value: lagSeconds })),
    ),
    gauge('tenantry_tenants_never_read', 'Working tenants that have not been read once.', [{ value: lag.neverRead }]),
    gauge(
      'tenantry_job_tenants',
      'Tenants that a job is planned for.',
      schedules.map(({ job, tenants: value }) => ({ labels: { job }, value })),
    ),
    gauge(
      'tenantry_job_overdue_seconds',
      'For how long the longest waiting turn of a job has not been put into the queue; 0 when none is due.',
      schedules.map(({ job, nextDueAt }) => ({ labels: { job }, value: seconds(nextDueAt) })),
    ),
    gauge(
      'tenantry_graph_budget_left',
      'What Microsoft Graph’s limits for the app over all tenants leave, in resource units and in writes.',
      Object.entries(budgetLeft).map(([limit, value]) => ({ labels: { limit }, value })),
    ),
    gauge(
      'tenantry_incidents_open',
      'Open incidents by code.',
      incidentCounts.map(({ code, incidents: value }) => ({ labels: { code }, value })),
    ),
    gauge(
      'tenantry_credential_days_left',
      'Days until the app’s credential ends, as far as the configuration tells.',
      credentialEndsAt ? [{ value: daysLeft(credentialEndsAt, at) }] : [],
    ),
  ].join('')
}

const reachable = (answers: boolean): string =>
  gauge(
    'tenantry_database_reachable',
    'Whether the database answered; while it does not, 0, nothing of the fleet is told.',
    [{ value: answers ? 1 : 0 }],
  )

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
