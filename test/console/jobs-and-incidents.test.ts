import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { before, suite, test } from 'node:test'
import { runCli } from '#cli/run-cli.ts'
import { tasks } from '#daemon/tasks.ts'
import { DEMO } from '#emulator/index.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { planJobs } from '#flows/queue/plan-jobs.ts'
import { runJob } from '#flows/runs/run-job.ts'
import { listDeadLetters } from '#jobs/dead-letters.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { fetchJobs } from '#jobs/fetch-jobs.ts'
import { openJobs } from '#jobs/open.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'
import { asFleet } from '#store/database/open.ts'
import { addHost } from '#store/incident-hosts.ts'
import { listIncidents, openIncident } from '#store/incidents.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { openPerson, type Person, plain } from '#test/console/support/person.ts'
import { silentLog } from '#test/support/backends.ts'
import { look, openBrowser } from '#test/support/browser.ts'
import { DAY, type HandClock, handClock } from '#test/support/hand-clock.ts'
import { CONTOSO, connect, FABRIKAM } from '#test/support/installation.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const signal = new AbortController().signal
const REPORT = {
  name: 'licence-report',
  schedule: { everyMinutes: 60 },
  permissions: ['User.Read.All'],
  run: async ({ progress }: { progress(text: string): Promise<void> }) => progress('12 licences'),
}

suite('jobs, incidents and credentials, for operators', { concurrency: false }, () => {
  const scope = suiteScope()
  let clock: HandClock
  let site: Site
  let olivia: Person
  before(async () => {
    clock = handClock(new Date())
    site = await openSite(scope, {
      clock,
      jobs: [REPORT as never],
      settings: {
        TENANTRY_CLIENT_SECRET_EXPIRES_ON: new Date(clock.now().getTime() + 60 * DAY).toISOString().slice(0, 10),
      },
    })
    olivia = openPerson(site)
    await olivia.signIn()
    await connect(site, FABRIKAM)
    await connect(site, CONTOSO)
  })
  // biome-ignore lint/suspicious/noExplicitAny: what a program gets is looked at key by key
  const api = async (method: string, path: string): Promise<any> => JSON.parse((await olivia.api(method, path)).text)
  const command = async (...argv: string[]) => {
    const said: string[] = []
    const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) }
    const code = await runCli(argv, { terminal, signal, tools: () => Promise.resolve(site.tools) })
    return { code, said: said.join('\n') }
  }

  test('a tenant’s page, the API and the terminal show each job’s schedule, last run and next turn', async () => {
    await planJobs(site.tools)
    await runJob(site.tools, { tenantId: FABRIKAM, job: 'licence-report', signal })
    const text = plain((await olivia.get(`/tenants/${FABRIKAM}`)).text)
    assert.match(text, /licence-report every 60 minutes .{3,30} Succeeded .{3,20} 12 licences/i)
    const { jobs, deadLetters } = await api('GET', `/tenants/${FABRIKAM}/jobs`)
    assert.deepEqual(
      jobs.map((job: { name: string; lastRun: { state: string } | null; nextDueAt: string | null }) => [
        job.name,
        job.lastRun?.state ?? null,
        typeof job.nextDueAt,
      ]),
      [
        ['sync-tenant', null, 'string'],
        ['licence-report', 'succeeded', 'string'],
      ],
    )
    assert.deepEqual(deadLetters, [])
    const { code, said } = await command('jobs', 'list', '--tenant', FABRIKAM)
    assert.equal(code, 0)
    assert.match(said, /licence-report .* succeeded +12 licences/)
    assert.match(plain((await olivia.get('/jobs')).text), /licence-report .* 2 /)
    assert.deepEqual(
      (await api('GET', '/jobs')).jobs.map(({ name }: { name: string }) => name),
      ['sync-tenant', 'licence-report'],
    )
  })

  test('what was given up is shown with its cause, and tried again with one press: in the pages, the API, the terminal', async () => {
    const { jobs, store } = site.tools
    await jobs.boss.updateQueue('run-job', { retryLimit: 0 })
    const giveUp = async (tenantId: TenantId | null) => {
      if (tenantId) await asFleet(store, (sql) => enqueue(jobs, sql, 'run-job', { tenantId, job: 'licence-report' }))
      else await jobs.boss.send('run-job', {})
      const failing = {
        ...tasks(site.tools),
        'run-job': () => Promise.reject(new Error('down')),
      }
      const runner = startRunner(jobs, failing, { concurrency: 1 })
      const [letter] = await until('it is given up', async () => {
        const found = await listDeadLetters(jobs, tenantId ? { tenantId } : {})
        return found.length > 0 && found
      })
      await runner.stop()
      assert.ok(letter)
      return letter
    }
    const waiting = async () => {
      const found = (await jobsIn(jobs, 'run-job')).filter(({ state }) => state === 'created')
      for (const { id } of found) await jobs.boss.deleteJob('run-job', id)
      return found.map(({ data }) => data.tenantId)
    }

    const first = await giveUp(FABRIKAM)
    assert.deepEqual([first.name, first.job, first.code], ['run-job', 'licence-report', 'UNKNOWN'])
    assert.match(plain((await olivia.get('/jobs')).text), /licence-report Fabrikam|licence-report Customer/)
    clock.pass(10 * 60_000)
    assert.match((await olivia.get('/')).text, /<a href="\/jobs#dead">1 job was given up<\/a>/)
    assert.match(plain((await olivia.get(`/tenants/${FABRIKAM}`)).text), /Given up .* licence-report .* Unknown/)
    assert.equal((await olivia.post(`/tenants/${CONTOSO}/jobs/${first.id}/retry`)).status, 404, 'not another tenant’s')
    assert.deepEqual(await waiting(), [])
    assert.match((await olivia.post(`/tenants/${FABRIKAM}/jobs/${first.id}/retry`)).text, /It is tried again/)
    assert.deepEqual(await waiting(), [FABRIKAM])
    assert.deepEqual(await listDeadLetters(jobs), [])
    assert.equal((await olivia.post(`/jobs/${first.id}/retry`)).status, 404)

    const second = await giveUp(CONTOSO)
    assert.equal((await api('GET', '/dead-letters')).deadLetters[0].id, second.id)
    assert.deepEqual(await api('POST', `/dead-letters/${second.id}/retry`), { queued: true })
    assert.equal((await olivia.api('POST', `/dead-letters/${second.id}/retry`)).status, 404)
    assert.deepEqual(await waiting(), [CONTOSO])

    const third = await giveUp(CONTOSO)
    assert.match((await command('jobs', 'dead')).said, new RegExp(`${third.id}[^]*tenantry jobs retry --id`))
    assert.equal((await command('jobs', 'retry', '--id', third.id)).code, 0)
    assert.equal((await command('jobs', 'retry', '--id', third.id)).code, 1)
    assert.deepEqual(await waiting(), [CONTOSO])

    for (const tenantId of [FABRIKAM, CONTOSO]) await giveUp(tenantId)
    const cut = await command('jobs', 'dead', '--limit', '1')
    assert.match(cut.said, /There are more than these 1: --limit shows more\./)
    assert.doesNotMatch((await command('jobs', 'dead', '--limit', '2')).said, /There are more/)
    for (const wrong of [[], ['--id', third.id, '--all'], ['--id', third.id, '--job', 'licence-report']])
      assert.equal((await command('jobs', 'retry', ...wrong)).code, 2, wrong.join(' '))
    assert.match((await command('jobs', 'retry', '--job', 'sync-tenant')).said, /^0 are in the queue again\.$/m)
    assert.match((await command('jobs', 'retry', '--job', 'licence-report')).said, /^2 are in the queue again\.$/m)
    assert.deepEqual(new Set(await waiting()), new Set([FABRIKAM, CONTOSO]))
    assert.deepEqual(await listDeadLetters(jobs), [])
    // Nobody of ours makes such a job, and nobody can do it; but nor is it to lie there for ever.
    const stray = await giveUp(null)
    assert.match(plain((await olivia.get('/jobs')).text), /It names no tenant: to try it again only takes it off/)
    assert.match((await command('jobs', 'dead')).said, /run-job \(gone\)/)
    assert.equal((await command('jobs', 'retry', '--id', stray.id)).code, 0)
    assert.deepEqual([await waiting(), await listDeadLetters(jobs)], [[], []])
    await giveUp(CONTOSO)
    assert.match((await command('jobs', 'retry', '--all')).said, /^1 is in the queue again\.$/m)
    assert.deepEqual(await waiting(), [CONTOSO])
  })

  test('which workers there are, and what they are doing, is told in the terminal, the figures and the overview', async () => {
    const { jobs, store } = site.tools
    const overview = async () => {
      clock.pass(10 * 60_000)
      return plain((await olivia.get('/')).text)
    }
    assert.match((await command('jobs', 'running')).said, /No worker runs[\s\S]*Nothing is being done/)
    assert.match(await overview(), /No worker runs/)
    assert.match((await olivia.get('/metrics')).text, /^tenantry_workers 0$/m)

    const working = await openJobs({ store, log: silentLog, work: true, migrate: false })
    await asFleet(store, (sql) => enqueue(jobs, sql, 'run-job', { tenantId: FABRIKAM, job: 'licence-report' }))
    const [begun] = await fetchJobs(jobs, 'run-job', 1)
    const { said } = await command('jobs', 'running')
    assert.match(said, new RegExp(`${hostname()} +${process.pid} +\\d{4}-`))
    assert.match(said, new RegExp(`licence-report +${FABRIKAM} +\\d{4}-.* 1$`, 'm'))
    assert.match(await overview(), /1 worker on 1 machine\./)
    assert.match((await olivia.get('/metrics')).text, /^tenantry_workers 1$/m)

    await working.close()
    await jobs.boss.deleteJob('run-job', begun?.id ?? '')
    assert.match((await command('jobs', 'running')).said, /No worker runs[\s\S]*Nothing is being done/)
  })

  test('an incident stands before everything else until somebody says that it has been looked at', async () => {
    const { store } = site.tools
    assert.doesNotMatch((await olivia.get('/')).text, /open incident/)
    const diagnosis = aDiagnosis({ code: 'TOKEN_OF_OTHER_TENANT', owner: 'operator', message: 'A <b>token</b> came.' })
    await raiseAlarm(site.tools, { tenantId: FABRIKAM, diagnosis })
    const [incident] = await asFleet(store, (sql) => listIncidents(sql))
    assert.ok(incident)
    clock.pass(10 * 60_000)
    for (const path of ['/', '/incidents']) {
      const { text } = await olivia.get(path)
      assert.match(
        text,
        /<h3[^>]*>(?:(?!<\/h3>)[\s\S])*Token of other tenant/,
        `${path}: whoever goes from heading to heading finds it`,
      )
      assert.match(text, /A &lt;b&gt;token&lt;\/b&gt; came\./)
      assert.match(text, new RegExp(`/tenants/${FABRIKAM}`))
    }
    assert.match(plain((await olivia.get(`/tenants/${FABRIKAM}`)).text), /Token of other tenant .* I have looked at it/)
    assert.match((await command('tenants', 'show', '--tenant', FABRIKAM)).said, /TOKEN_OF_OTHER_TENANT: A <b>token/)
    assert.doesNotMatch((await olivia.get(`/tenants/${CONTOSO}`)).text, /Token of other tenant/)
    assert.equal((await api('GET', '/incidents')).incidents[0].code, 'TOKEN_OF_OTHER_TENANT')
    const figures = (await olivia.get('/metrics')).text
    assert.match(figures, /^tenantry_incidents_open\{code="TOKEN_OF_OTHER_TENANT"\} 1$/m)
    assert.match(figures, /^tenantry_incidents_total\{code="TOKEN_OF_OTHER_TENANT"\} 1$/m)
    assert.match(figures, /^tenantry_credential_days_left (58|59|60)$/m)
    assert.match(
      (await command('incidents', 'list')).said,
      /TOKEN_OF_OTHER_TENANT: A .*\n +Who mends it: you, the operator\.\n +Next step: +An administrator signs up again\./,
    )
    assert.equal((await olivia.get(`/incidents/${incident.id}/close`)).status, 405)
    assert.match((await olivia.post(`/incidents/${incident.id}/close`)).text, /The incident is closed/)
    assert.doesNotMatch((await olivia.get('/')).text, /open incident/)
    const [closed] = await asFleet(store, (sql) => listIncidents(sql))
    assert.match(closed?.closedBy ?? '', /^operator:/)

    for (const id of [madeUp.objectId(), 'nope'])
      assert.equal((await olivia.post(`/incidents/${id}/close`)).status, 404)
    assert.equal((await olivia.api('POST', `/incidents/${madeUp.objectId()}/close`)).status, 404)
    await raiseAlarm(site.tools, { tenantId: null, diagnosis })
    const again = (await api('GET', '/incidents')).incidents[0]
    assert.equal((await command('incidents', 'close', '--id', again.id)).code, 0)
    assert.equal(
      (await api('GET', '/incidents')).incidents.filter((one: { closedAt: null }) => !one.closedAt).length,
      0,
    )
  })

  /** As most tenants’ meeting the same does. */
  const holdTheWork = async (diagnosis: Diagnosis) => {
    await asFleet(site.tools.store, (sql) => openIncident(sql, { tenantId: null, diagnosis, holds: true }))
    site.tools.hold.forget()
  }

  test('what holds the work comes before other incidents, and is told on every tenant’s page', async () => {
    const { store } = site.tools
    const expired = aDiagnosis({ code: 'CLIENT_SECRET_EXPIRED', owner: 'operator', nextStep: 'Type `this` in.' })
    await holdTheWork(expired)
    clock.pass(10 * 60_000)
    await raiseAlarm(site.tools, { tenantId: FABRIKAM, diagnosis: aDiagnosis({ code: 'ORIGIN_REFUSED' }) })
    clock.pass(10 * 60_000)
    const { text } = await olivia.get('/')
    assert.match(plain(text), /2 open incidents .*Client secret expired .* Close it and go on .*Origin refused/)
    assert.match(
      plain(text),
      /The daemon leaves Microsoft alone until this is over\. It looks every minute, and goes on by itself/,
    )
    assert.doesNotMatch(text, /machines? takes? no work/)
    assert.match(text, /Nothing else needs you/)
    assert.match(text, /Type <code>this<\/code> in\./)
    const page = plain((await olivia.get(`/tenants/${CONTOSO}`)).text)
    assert.match(page, /Client secret expired .* Next try When the incident is over/)
    assert.doesNotMatch(page, /Origin refused/)
    const paused = await aTenant(store, { displayName: 'Paused', state: 'suspended' })
    assert.match(plain((await olivia.get(`/tenants/${paused}`)).text), /Next try Not before somebody does something/)
    assert.match((await command('tenants', 'show', '--tenant', CONTOSO)).said, /Next try: when the incident is over\./)
    const asked = await olivia.post(`/tenants/${CONTOSO}/sync`)
    assert.match(asked.text, /It begins when the incident that holds the work is over\./)
    const codes = async (query: string) =>
      (await api('GET', `/incidents?${query}`)).incidents
        .filter(({ closedAt }: { closedAt: string | null }) => closedAt === null)
        .map(({ code }: { code: string }) => code)
    assert.deepEqual(await codes(`tenantId=${CONTOSO}`), ['CLIENT_SECRET_EXPIRED'])
    assert.deepEqual(await codes(`tenantId=${FABRIKAM}`), ['CLIENT_SECRET_EXPIRED', 'ORIGIN_REFUSED'])
    for (let tenant = 0; tenant < 6; tenant++)
      await raiseAlarm(site.tools, { tenantId: madeUp.tenantId(), diagnosis: aDiagnosis({ code: 'ORIGIN_REFUSED' }) })
    clock.pass(10 * 60_000)
    const crowded = await olivia.get('/')
    assert.match(plain(crowded.text), /8 open incidents .*Client secret expired .* And 3 more/)
    assert.equal((crowded.text.match(/\/incidents\/[0-9a-f-]{36}\/close/g) ?? []).length, 5)
    assert.match((await olivia.get('/metrics')).text, /^tenantry_incidents_open\{code="ORIGIN_REFUSED"\} 7$/m)
    for (const { id } of await asFleet(store, (sql) => listIncidents(sql, { open: true })))
      await olivia.post(`/incidents/${id}/close`)
    assert.match(plain((await olivia.get(`/tenants/${CONTOSO}`)).text), /Next try (now|was due|in )/)
  })

  test('R08 a credential that is refused to some machines is told where people look for a tenant', async () => {
    const { store } = site.tools
    const diagnosis = aDiagnosis({ code: 'CLIENT_SECRET_EXPIRED', owner: 'operator' })
    const { id } = await asFleet(store, async (sql) => {
      const { incident } = await openIncident(sql, { tenantId: null, diagnosis, holds: false })
      await addHost(sql, { id: incident.id, host: 'worker-7' })
      return incident
    })
    const page = plain((await olivia.get(`/tenants/${CONTOSO}`)).text)
    assert.match(page, /Client secret expired on worker-7.* Next try .{2,60} on a machine whose credential Microsoft/)
    const listed = plain((await olivia.get('/incidents')).text)
    assert.match(
      listed,
      /Client secret expired on worker-7 .* This machine takes no work until Microsoft accepts the credential\. It is asked every minute, and all other machines go on\. .* I have looked at it/,
    )
    assert.doesNotMatch(listed, /leaves Microsoft alone/)
    const { incidents } = await api('GET', `/incidents?tenantId=${CONTOSO}`)
    assert.deepEqual(incidents[0]?.hosts, ['worker-7'])
    const { said } = await command('tenants', 'show', '--tenant', CONTOSO)
    assert.match(said, /Next try: .* UTC, on a machine whose credential Microsoft accepts\./)
    const asked = await olivia.post(`/tenants/${CONTOSO}/sync`)
    assert.match(asked.text, /It begins as soon as a worker is free whose credential Microsoft accepts\./)
    const fleet = ['worker-1', 'worker-2', 'worker-3']
    await asFleet(store, async (sql) => {
      for (const host of fleet) await addHost(sql, { id, host })
    })
    const all = plain((await olivia.get('/incidents')).text)
    assert.match(all, /Client secret expired on 4 machines /, 'a title stays one')
    for (const host of [...fleet, 'worker-7']) assert.match(all, new RegExp(`It is refused on .*${host}`))
    await olivia.post(`/incidents/${id}/close`)
    assert.doesNotMatch(plain((await olivia.get(`/tenants/${CONTOSO}`)).text), /on a machine whose/)
  })

  test('R08 credentials are listed with the days that are left, and with all of the registration where the app may read it', async () => {
    const days = (text: string) => Number(/(\d+) days/.exec(text)?.[1])
    const text = plain((await olivia.get('/incidents')).text)
    // It may be past midnight by now.
    assert.ok([58, 59, 60].includes(days(text)), text)
    assert.match(text, /may not read its own registration/)
    const { credentials, registrationRead } = await api('GET', '/credentials')
    assert.deepEqual([registrationRead, credentials.length, credentials[0].inUse], [false, 1, true])
    // Its tokens of before would still open the registration.
    site.tools.entra.tokens.delete(DEMO.home as TenantId)
    site.emulator.mischief.once({ at: 'token', aadsts: 7000222 })
    const refused = plain((await olivia.get('/incidents')).text)
    assert.match(refused, /In use .*the registration could not be read just now\. The app’s client secret has expired/)
    assert.doesNotMatch(refused, /did not answer/)

    await site.emulator.directory.grantPermission({
      tenant: DEMO.home,
      app: DEMO.appId,
      permission: 'Application.ReadWrite.OwnedBy',
    })
    await site.emulator.directory.grantPermission({
      tenant: DEMO.home,
      app: DEMO.appId,
      permission: 'Application.Read.All',
    })
    site.tools.entra.tokens.delete(DEMO.home as TenantId)
    await site.emulator.directory.addSecret({ app: DEMO.appId, value: 'Xyz-the-next' })
    const listed = await api('GET', '/credentials')
    assert.equal(listed.registrationRead, true)
    assert.equal(listed.credentials.filter((one: { inUse: boolean }) => one.inUse).length, 1)
    assert.doesNotMatch(JSON.stringify(listed), new RegExp(`${DEMO.secret}|Xyz`))
    assert.match((await command('credentials', 'list')).said, /secret +[0-9a-f-]{36}/)
  })

  test('its pages read well, narrow and wide, light and dark', async () => {
    const { jobs, store } = site.tools
    const lost = aDiagnosis({
      code: 'CLIENT_SECRET_EXPIRED',
      owner: 'operator',
      message: 'The app’s client secret has expired: no tenant can be reached with it.',
      nextStep: 'Create a new secret or certificate in the app registration and set it in the configuration.',
      sourceCode: 'AADSTS7000222',
    })
    await holdTheWork(lost)
    await asFleet(store, async (sql) => {
      const diagnosis = aDiagnosis({
        code: 'CLIENT_CERTIFICATE_REJECTED',
        owner: 'operator',
        message: 'Microsoft refuses the app’s certificate.',
        nextStep: 'Upload this certificate to the app registration, and check its validity and this machine’s clock.',
        sourceCode: 'AADSTS700027',
      })
      const { incident } = await openIncident(sql, { tenantId: null, diagnosis, holds: false })
      await addHost(sql, { id: incident.id, host: 'worker-7' })
    })
    await raiseAlarm(site.tools, {
      tenantId: CONTOSO,
      diagnosis: aDiagnosis({
        code: 'ORIGIN_REFUSED',
        owner: 'microsoft',
        message: 'A link that leads away from Microsoft Graph was refused: https://evil.example.',
        nextStep: 'Nothing was sent. If it happens again, report it to Microsoft’s support.',
      }),
    })
    await asFleet(store, (sql) => enqueue(jobs, sql, 'run-job', { tenantId: FABRIKAM, job: 'licence-report' }))
    const failing = { ...tasks(site.tools), 'run-job': () => Promise.reject(new Error('down')) }
    const runner = startRunner(jobs, failing, { concurrency: 1 })
    await until('it is given up', async () => (await listDeadLetters(jobs)).length > 0)
    await runner.stop()
    clock.pass(10 * 60_000)

    const long = await aTenant(store, { displayName: 'Donaudampfschifffahrtsgesellschaft'.repeat(2) })

    const page = await (await openBrowser(scope)).person()
    await page
      .context()
      .addCookies([...olivia.cookies].map(([name, value]) => ({ name, value, url: site.url, httpOnly: true })))
    for (const [path, name] of [
      ['/', 'console-overview-incidents'],
      ['/incidents', 'console-incidents'],
      ['/jobs', 'console-jobs'],
      [`/tenants/${long}`, 'console-tenant-long-name'],
      [`/tenants/${FABRIKAM}`, 'console-tenant-jobs'],
    ] as const) {
      await page.goto(`${site.url}${path}`)
      await look(page, name)
    }
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('It is tried again').waitFor()
    await page.goto(`${site.url}/incidents`)
    await page.getByRole('button', { name: 'I have looked at it' }).first().click()
    await page.getByText('The incident is closed').waitFor()
  })
})
