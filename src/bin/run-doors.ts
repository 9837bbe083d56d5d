import { openLog } from '#base/log.ts'
import { openCommandSocket } from '#bin/command-socket.ts'
import { listen } from '#bin/listen.ts'
import { metricsSite } from '#bin/metrics-site.ts'
import { outliveRejections } from '#bin/outlive-rejections.ts'
import { readSettings } from '#bin/read-settings.ts'
import { sessionKeyOf } from '#bin/session-key.ts'
import type { Start } from '#bin/start.ts'
import { tellDoubts, tellMistakes } from '#bin/tell-mistakes.ts'
import { EXIT_USAGE } from '#cli/run-cli.ts'
import { openConsole } from '#console/app.ts'
import { tasks } from '#daemon/tasks.ts'
import { beginAnew } from '#flows/incidents/begin-anew.ts'
import { startRunner } from '#jobs/runner.ts'
import { preflight } from '#preflight.ts'
import { openSignup } from '#signup/app.ts'
import { startTracing, tracingWanted } from '#telemetry/tracing.ts'
import { openTools } from '#tools.ts'

/**
 * Opens the wanted doors and keeps them open until the process is asked to stop.
 * @returns the exit code: 0 stopped in order, 2 wrong configuration
 */
export async function runDoors(start: Start, { web, worker }: { web: boolean; worker: boolean }): Promise<number> {
  const { terminal, signal } = start
  const reading = await readSettings(start)
  const log = openLog(reading.parts.logLevel ?? 'info')
  const { mistakes, doubts } = await preflight(reading, log)
  const { config } = reading
  if (!config || mistakes.length > 0) {
    tellMistakes(terminal, mistakes)
    return EXIT_USAGE
  }
  tellDoubts(terminal, doubts)

  await using open = new AsyncDisposableStack()
  if (tracingWanted(start.env)) open.use(startTracing(start.env))
  const tools = open.use(await openTools(config, { log, work: worker }))
  if (!config.databaseUrl) open.use(await openCommandSocket(tools))
  if (worker) {
    open.use(outliveRejections(log))
    await beginAnew(tools)
    const runner = startRunner(tools.jobs, tasks(tools), { concurrency: config.concurrency })
    open.defer(() => runner.stop())
  }
  if (web) {
    const sessionKey = sessionKeyOf(config)
    const host = config.listenHost
    const landing = { host, port: config.landingPort, setting: 'TENANTRY_LANDING_PORT' }
    const console = { host, port: config.consolePort, setting: 'TENANTRY_CONSOLE_PORT' }
    open.use(await listen(openSignup(tools, { sessionKey }).fetch, landing))
    open.use(await listen(openConsole(tools, { sessionKey }).fetch, console))
    log.info({ landing: config.publicUrl, console: config.consoleUrl }, 'landing page and console are open')
  }
  if (!web && config.metricsPort !== null) {
    const place = { host: config.listenHost, port: config.metricsPort, setting: 'TENANTRY_METRICS_PORT' }
    open.use(await listen(metricsSite(tools.telemetry), place))
  }
  if (worker) log.info({ concurrency: config.concurrency }, 'the worker is at work')
  await new Promise<void>((stopped) => {
    if (signal.aborted) stopped()
    signal.addEventListener('abort', () => stopped(), { once: true })
  })
  log.info('stopping')
  return 0
}
