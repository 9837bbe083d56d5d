// npm run mutants: takes one safeguard at a time out of a copy of the repository and shows that a test notices. A mutant
// that survives is a promise that nobody keeps an eye on. Words after the command choose among the mutants by name.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages, node, root } from './install.mjs'

/** What is taken out (`search`, exactly once in `file`), what stands there instead, and which tests have to notice. */
export const MUTANTS = [
  {
    name: 'the nonce of the ID token is not compared',
    file: 'src/entra/id-token.ts',
    search: 'nonce !== expected.nonce',
    replace: 'nonce === undefined',
    tests: ['test/entra/id-token.test.ts'],
  },
  {
    name: 'the issuer of the ID token is not compared',
    file: 'src/entra/id-token.ts',
    search: 'payload.iss !== issuer',
    replace: 'payload.iss === undefined',
    tests: ['test/entra/id-token.test.ts'],
  },
  {
    name: 'the audience of the ID token is not compared',
    file: 'src/entra/id-token.ts',
    search: 'payload.aud !== entra.clientId',
    replace: 'payload.aud === undefined',
    tests: ['test/entra/id-token.test.ts'],
  },
  {
    name: 'a key may sign for any issuer',
    file: 'src/entra/id-token.ts',
    search: "keyIssuer !== null && keyIssuer.replace('{tenantid}', tenantId) !== issuer",
    replace: 'keyIssuer === undefined',
    tests: ['test/entra/signing-keys.test.ts'],
  },
  {
    name: 'a sign-up is not bound to its browser',
    file: 'src/flows/sign-up/complete-sign-up.ts',
    search: '!ticket || !sameText(callback.state, ticket.state)',
    replace: '!ticket',
    tests: ['test/flows/complete-sign-up.test.ts'],
  },
  {
    name: 'an operator’s sign-in is not bound to its browser',
    file: 'src/flows/operators/operator-sign-in.ts',
    search: ' || callback.state !== ticket.state',
    replace: '',
    tests: ['test/console/sign-in.test.ts'],
  },
  {
    name: 'an operator of any tenant is one of ours',
    file: 'src/flows/operators/operator-sign-in.ts',
    search: 'account.tenantId === config.homeTenantId && ',
    replace: '',
    tests: ['test/console/sign-in.test.ts'],
  },
  {
    name: 'an operator’s sign-in may be answered by another issuer',
    file: 'src/flows/operators/operator-sign-in.ts',
    search: '      ...(callback.iss ? { issuer: callback.iss } : {}),\n',
    replace: '',
    tests: ['test/console/sign-in.test.ts'],
  },
  {
    name: 'who goes on working is never asked to sign in again',
    file: 'src/console/session.ts',
    search: 'age(found.signedInAt) > LONGEST_MINUTES * MINUTE',
    replace: 'age(found.signedInAt) < 0',
    tests: ['test/console/sign-in.test.ts'],
  },
  {
    name: 'a step outlasts its token',
    file: 'src/signup/open-step.ts',
    search: ' || !isFresh(door, step)',
    replace: '',
    tests: ['test/signup/granting.test.ts'],
  },
  {
    name: 'what a tenant’s Graph does not offer is no reason to stop',
    file: 'src/flows/grants/grant-missing.ts',
    search: '  assertOffered(review.plan.grants)\n',
    replace: '',
    tests: ['test/flows/apply-grants.test.ts'],
  },
  {
    name: 'a name turns the direction of a title',
    file: 'src/pages/layout.ts',
    search: 'plain(page.title)',
    replace: 'page.title',
    tests: ['test/signup/sign-in.test.ts'],
  },
  {
    name: 'whoever has signed in may connect a tenant',
    file: 'src/flows/grants/prove-administrator.ts',
    search: 'if (!mayConnect(await heldRoles(graphAs(token), account)))',
    replace: 'if (!graphAs(token))',
    tests: ['test/signup/no-administrator.test.ts'],
  },
  {
    name: 'a sign-up that ends while an operator pauses the tenant overrules him',
    file: 'src/flows/tenants/connect-tenant.ts',
    search: '(await lockTenant(sql, tenantId))?.state',
    replace: '(undefined as string | undefined)',
    tests: ['test/flows/connect-tenant.test.ts'],
  },
  {
    name: 'a state can be used twice',
    file: 'src/store/sign-ups.ts',
    search: 'and taken_at is null and expires_at >',
    replace: 'and expires_at >',
    tests: ['test/flows/complete-sign-up.test.ts'],
  },
  {
    name: 'an invitation can be taken by another tenant',
    file: 'src/flows/sign-up/complete-sign-up.ts',
    search: 'account.tenantId !== ticket.invitedTenantId',
    replace: 'account.tenantId === undefined',
    tests: ['test/flows/complete-sign-up.test.ts'],
  },
  {
    name: 'the tenant of an app-only token is not compared',
    file: 'src/entra/app-token.ts',
    search: 'claims?.tid === tenantId && ',
    replace: 'claims !== undefined && ',
    tests: ['test/entra/token-life.test.ts'],
  },
  {
    name: 'the tenant of an administrator’s token is not compared',
    file: 'src/entra/administrator-sign-in.ts',
    search: 'tenantInToken(result.accessToken) !== account.tenantId',
    replace: 'tenantInToken(result.accessToken) === undefined',
    tests: ['test/entra/token-life.test.ts'],
  },
  {
    name: 'only the first page of users is read',
    file: 'src/graph/pages.ts',
    search: "page.data['@odata.nextLink'] ?? null",
    replace: 'null',
    tests: ['test/flows/every-page.test.ts'],
  },
  {
    name: 'a link may lead to another version of Graph, or away from it',
    file: 'src/graph/url-of.ts',
    search: 'url?.origin === cloud.graphOrigin && versioned && url.username',
    replace: 'url && url.username',
    tests: ['test/graph/links.test.ts'],
  },
  {
    name: 'bytes may leave for any origin',
    file: 'src/outbound/assert-allowed.ts',
    search: ' && origins.includes(parsed.origin)',
    replace: '',
    tests: ['test/outbound/send.test.ts'],
  },
  {
    name: 'what is small on the way may become as large as it likes',
    file: 'src/outbound/send.ts',
    search: '{ maxOutputLength: maxBytes }',
    replace: '{}',
    tests: ['test/outbound/send.test.ts'],
  },
  {
    name: 'a duplicate assignment is a failure',
    file: 'src/graph/app-role-assignments.ts',
    search: "return 'already-assigned'",
    replace: 'throw error',
    tests: ['test/flows/grants-recognised.test.ts'],
  },
  {
    name: 'a warning of Graph is not heeded',
    file: 'src/graph/request.ts',
    search: 'if (percentage > 0)',
    replace: 'if (percentage > 9)',
    tests: ['test/graph/budget.test.ts'],
  },
  {
    name: 'whoever asks for much at once is served before the others',
    file: 'src/graph/turns.ts',
    search: '      queues.delete(who)\n',
    replace: '      if (queue.length === 0) queues.delete(who)\n',
    tests: ['test/graph/budget.test.ts'],
  },
  {
    name: 'loans are not shared between processes',
    file: 'src/store/buckets.ts',
    search: 'case when filled.tokens >= enough and rest = 0 then wanted else 0 end',
    replace: 'case when filled.tokens >= enough and rest = 0 then wanted / 2 else 0 end',
    tests: ['test/graph/budget.test.ts'],
  },
  {
    name: 'an item of a batch without an answer is taken for done',
    file: 'src/graph/batch.ts',
    search: 'answer === null || [...RETRIED',
    replace: 'answer !== null && [...RETRIED',
    tests: ['test/graph/batch.test.ts'],
  },
  {
    name: 'a link that Graph refuses is asked for again and again',
    file: 'src/flows/sync/sync-resource.ts',
    search: "['SYNC_STATE_LOST', 'GRAPH_REFUSED']",
    replace: "['SYNC_STATE_LOST']",
    tests: ['test/sync/led-away.test.ts'],
  },
  {
    name: 'whoever waits for Graph keeps its place',
    file: 'src/graph/request.ts',
    search: 'aside ? aside(() => clock.sleep(milliseconds, signal)) : ',
    replace: '',
    tests: ['test/flows/sync-tenant.test.ts'],
  },
  {
    name: 'a page of a proxy is taken for a refusal of Graph’s',
    file: 'src/graph/errors.ts',
    search: "if (isForeign && text !== '') return UNREADABLE",
    replace: '',
    tests: ['test/graph/patience.test.ts'],
  },
  {
    name: 'a page of a proxy is taken for a refusal of Entra ID’s',
    file: 'src/entra/network.ts',
    search: 'status: speaksForItself ? status : 502',
    replace: 'status',
    tests: ['test/entra/credentials.test.ts'],
  },
  {
    name: 'an answer that cannot be read ends a sign-up',
    file: 'src/flows/grants/patiently.ts',
    search: "  'ANSWER_UNREADABLE',\n",
    replace: '',
    tests: ['test/flows/grants-awaited.test.ts'],
  },
  {
    name: 'watch: a claims challenge is answered without its claims',
    file: 'src/graph/request.ts',
    search: '...(claims ? { claims } : {})',
    replace: '',
    tests: ['test/graph/claims-challenge.test.ts'],
  },
  {
    name: 'watch: a job is done for whichever tenant it names',
    file: 'src/daemon/tasks.ts',
    search: ' || keyOf(name, payload) !== context.key',
    replace: '',
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'watch: what most tenants meet is each customer’s doing',
    file: 'src/model/incident.ts',
    search: 'same < FEWEST || same * 2 <= lookedAt',
    replace: 'same < FEWEST || lookedAt >= 0',
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'watch: what a redirect says of our app is believed',
    file: 'src/flows/sign-up/complete-sign-up.ts',
    search: 'if (callback.error === undefined)',
    replace: 'if (callback)',
    tests: ['test/flows/complete-sign-up.test.ts'],
  },
  {
    name: 'watch: what a tenant is called is read for codes beside those that Entra ID lists',
    file: 'src/entra/errors.ts',
    search: 'error_codes.length > 0 ? error_codes : codesIn(error_description)',
    replace: '[...error_codes, ...(error_description.match(/(?<=AADSTS)[0-9]{4,8}/g) ?? []).map(Number)]',
    tests: ['test/entra/credentials.test.ts'],
  },
  {
    name: 'watch: a code counts wherever it stands',
    file: 'src/entra/errors.ts',
    search: '/^(?:AADSTS70002: Error validating credentials\\. )?AADSTS',
    replace: '/^.*AADSTS',
    tests: ['test/entra/credentials.test.ts'],
  },
  {
    name: 'watch: what is said of our credential in one tenant holds everybody’s work',
    file: 'src/flows/incidents/raise-alarm.ts',
    search: 'const refusal = await refusalAtHome(tools)',
    replace: 'const refusal = diagnosis',
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'watch: an incident holds nothing',
    file: 'src/daemon/tasks.ts',
    search: 'if (await tools.hold.isOn()) return putOff(tools, name, payload)',
    replace: '',
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'watch: whoever has left is asked for ever',
    file: 'src/flows/tenants/ask-revoked.ts',
    search: 'changedWithinDays: ASKED_FOR_DAYS',
    replace: 'changedWithinDays: 9_999',
    tests: ['test/flows/customer-ends-it.test.ts'],
  },
  {
    name: 'watch: what waits for whoever has left is begun all the same',
    file: 'src/flows/tenants/lose-consent.ts',
    search: "if (to === 'revoked') await cancelJobsOf(jobs, tenantId)",
    replace: 'void cancelJobsOf',
    tests: ['test/flows/customer-ends-it.test.ts'],
  },
  {
    name: 'watch: the end of a credential is told once only',
    file: 'src/flows/credentials/check-credential.ts',
    search: ' || warningStage(expiresAt, known.lastAt) !== stage',
    replace: '',
    tests: ['test/flows/credential-ends.test.ts'],
  },
  {
    name: 'watch: anybody may try a job again',
    file: 'src/console/app.ts',
    search: "app.post('/jobs/:letterId/retry', operators, ",
    replace: "app.post('/jobs/:letterId/retry', ",
    tests: ['test/console/every-route.test.ts'],
  },
  {
    name: 'watch: another tenant’s job may be tried again',
    file: 'src/flows/queue/retry-dead-letter.ts',
    search: ' || (tenantId !== undefined && letter.tenantId !== tenantId)',
    replace: '',
    tests: ['test/console/jobs-and-incidents.test.ts'],
  },
  {
    name: 'watch: a trace holds the query of an address',
    file: 'src/graph/request.ts',
    search: 'pathWithoutIds(new URL(url).pathname)',
    replace: 'url',
    tests: ['test/journeys/nothing-leaks.test.ts'],
  },
  {
    name: 'watch: the audit keeps a secret that was added',
    file: 'src/flows/credentials/rotate-credential.ts',
    search: 'keyId: added.keyId }',
    replace: 'keyId: added.secret }',
    tests: ['test/journeys/nothing-leaks.test.ts'],
  },
  {
    name: 'watch: the log tells the token that was asked with',
    file: 'src/graph/request.ts',
    search: 'const percentage = Number(',
    replace: "graph.log.trace({ thing: token.split('.').join('_') }, 'asked')\n    const percentage = Number(",
    tests: ['test/journeys/nothing-leaks.test.ts'],
  },
  {
    name: 'watch: no sign-up makes room for another',
    file: 'src/store/sign-ups.ts',
    search: 'if (!rows[0]?.ours) return',
    replace: 'if (rows) return',
    tests: ['test/signup/every-route.test.ts', 'test/store/sign-ups.test.ts'],
  },
  {
    name: 'watch: a site’s networks of IPv6 count one by one',
    file: 'src/pages/networks-of.ts',
    search: 'times: SITE_TIMES',
    replace: 'times: 1_000',
    tests: ['test/signup/entrance.test.ts'],
  },
  {
    name: 'watch: everybody’s word about who asks is taken',
    file: 'src/pages/address-of.ts',
    search: '!isProxy(address) ||',
    replace: '',
    tests: ['test/signup/entrance.test.ts'],
  },
  {
    name: 'watch: whoever likes has as many pages kept up to date as he likes',
    file: 'src/pages/streams.ts',
    search: '>= EACH',
    replace: '>= 1_000 * EACH',
    tests: ['test/signup/live-pages.test.ts', 'test/console/tenants.test.ts'],
  },
  {
    name: 'two begin the same run at once',
    file: 'src/store/tenants.ts',
    search: ' for no key update`',
    replace: '`',
    tests: ['test/own-jobs/one-at-a-time.test.ts'],
  },
  {
    name: 'a run that was taken over ends well',
    file: 'src/flows/runs/run-job.ts',
    search: 'finishRun(sql, run.id, end)))) throw superseded()',
    replace: 'finishRun(sql, run.id, end)))) void superseded()',
    tests: ['test/own-jobs/one-at-a-time.test.ts'],
  },
  {
    name: 'a job by hand claims nothing',
    file: 'src/flows/runs/by-hand.ts',
    search: '  if (!claimed) throw underWay(what)\n  return await work(AbortSignal.any([signal, claimed.signal]))',
    replace:
      '  void underWay(what)\n  return await work(AbortSignal.any([signal, ...(claimed ? [claimed.signal] : [])]))',
    tests: ['test/own-jobs/processes.test.ts'],
  },
  {
    name: 'an author’s code hides a violation',
    file: 'src/flows/runs/run-job.ts',
    search: "if (incidentMeantBy(problem.diagnosis) === 'tenant') end.abort(problem)",
    replace: "if (incidentMeantBy(problem.diagnosis) === 'fleet') end.abort(problem)",
    tests: ['test/own-jobs/runs.test.ts'],
  },
  {
    name: 'a redirect may lead anywhere',
    file: 'src/graph/request.ts',
    search: 'if (answer.status >= 300 && answer.status < 400) refuse',
    replace: 'if (answer.status >= 300 && answer.status < 300) refuse',
    tests: ['test/graph/links.test.ts'],
  },
  {
    name: 'a stop begins what was fetched ahead',
    file: 'src/jobs/runner.ts',
    search: "stopping.signal.aborted\n          ? 'INTERRUPTED'",
    replace: "abort.signal.aborted\n          ? 'INTERRUPTED'",
    tests: ['test/jobs/runner.test.ts'],
  },
  {
    name: 'a silent worker’s jobs wait as after a failure',
    file: 'src/jobs/signs-of-life.ts',
    search: "output->'value'->>'message' = 'job heartbeat timeout'",
    replace: "output->'value'->>'message' = 'never'",
    tests: ['test/jobs/runner.test.ts'],
  },
  {
    name: 'a letter stays although its work has succeeded',
    file: 'src/flows/queue/forget-dead-letters.ts',
    search: ', ...(await haveSucceeded(sql, wanted))',
    replace: '',
    tests: ['test/flows/dead-letters.test.ts'],
  },
  {
    name: 'every letter is kept',
    file: 'src/flows/queue/forget-dead-letters.ts',
    search: '  await keepLastDeadLetters(jobs)',
    replace: '  void keepLastDeadLetters',
    tests: ['test/flows/dead-letters.test.ts'],
  },
  {
    name: 'a run that somebody is at is taken for dead',
    file: 'src/flows/runs/end-dead-runs.ts',
    search: 'running.filter((run) => !underWay.has(placeOf(run)))',
    replace: 'running.filter((run) => !underWay.has(run.id))',
    tests: ['test/flows/tidy.test.ts'],
  },
  {
    name: 'a run that was gone on with since is taken for dead',
    file: 'src/store/sync-runs.ts',
    search: ' and run.xmin::text = one.version',
    replace: '',
    tests: ['test/flows/tidy.test.ts'],
  },
  {
    name: 'a run of nobody who is alive goes on for ever',
    file: 'src/daemon/tasks.ts',
    search: 'watchIncidents, endDeadRuns, forget',
    replace: 'watchIncidents, forget',
    tests: ['test/faults/by-hand.test.ts'],
  },
  {
    name: 'an end of a tenant stays broken off',
    file: 'src/flows/fleet/tidy.ts',
    search: '  await finishBrokenOff(tools)\n',
    replace: '  void finishBrokenOff\n',
    tests: ['test/own-jobs/processes.test.ts'],
  },
  {
    name: 'a job may take longer than the queue waits',
    file: 'src/config/app-definition.ts',
    search: 'LONGEST_RUN_MINUTES = 11 * 60',
    replace: 'LONGEST_RUN_MINUTES = 22 * 60',
    tests: ['test/config/job-time.test.ts'],
  },
  {
    name: 'engine: an idle worker remembers every wait for the bell',
    file: 'src/jobs/bell.ts',
    search: '          listeners.delete(hear)\n',
    replace: '',
    tests: ['test/jobs/fetch-jobs.test.ts'],
  },
  {
    name: 'engine: two tries of a job are one',
    file: 'src/jobs/runner.ts',
    search: '        running.delete(attempt)\n',
    replace: '        for (const other of running.keys()) if (other.id === job.id) running.delete(other)\n',
    tests: ['test/jobs/runner.test.ts'],
  },
  {
    name: 'engine: whoever does not listen is waited for',
    file: 'src/jobs/runner.ts',
    search: 'while (running.size > 0 && !isOver)',
    replace: 'while (running.size > 0)',
    tests: ['test/jobs/runner.test.ts'],
  },
  {
    name: 'engine: a job lends its place as often as it waits',
    file: 'src/jobs/open-place.ts',
    search: '    async aside(wait) {\n      if (isIn) goOut()',
    replace: '    async aside(wait) {\n      places.leave()',
    tests: ['test/jobs/runner.test.ts'],
  },
  {
    name: 'engine: work that is asked for is given up beside its next try',
    file: 'src/jobs/fetch-jobs.ts',
    search: "where turn = 1 and state = 'created'",
    replace: "where turn = 1 and state = 'retry'",
    tests: ['test/jobs/fetch-jobs.test.ts'],
  },
  {
    name: 'engine: what was given up is thrown away',
    file: 'src/jobs/open.ts',
    search: '  await boss.updateQueue(DEAD_LETTER, { retentionSeconds: KEPT_SECONDS })\n',
    replace: '',
    tests: ['test/flows/dead-letters.test.ts'],
  },
  {
    name: 'engine: a run that was taken over judges the tenant',
    file: 'src/flows/runs/end-badly.ts',
    search: "if (!stillOurs && incidentMeantBy(diagnosis) !== 'tenant') throw superseded()",
    replace: '',
    tests: ['test/sync/interrupted.test.ts'],
  },
  {
    name: 'engine: a job that was taken over says how it ended',
    file: 'src/flows/runs/end-badly.ts',
    search: "  if (!stillOurs && incidentMeantBy(diagnosis) !== 'tenant') throw superseded()\n",
    replace: '',
    tests: ['test/own-jobs/runs.test.ts'],
  },
  {
    name: 'engine: a run’s time goes on after it',
    file: 'src/flows/runs/run-job.ts',
    search: '* MINUTE, over).then(',
    replace: '* MINUTE).then(',
    tests: ['test/own-jobs/time.test.ts'],
  },
  {
    name: 'engine: patience without a statement is a failure',
    file: 'src/flows/runs/end-badly.ts',
    search: "if (diagnosis.code === 'THROTTLED' && !isStopped(diagnosis))",
    replace: "if (diagnosis.code === 'THROTTLED' && diagnosis.retryAfterSeconds && !isStopped(diagnosis))",
    tests: ['test/own-jobs/time.test.ts'],
  },
  {
    name: 'engine: hours without a question are hours of refusals',
    file: 'src/flows/runs/wait-for-graph.ts',
    search: ' && waits >= GIVEN_UP_AFTER_WAITS',
    replace: '',
    tests: ['test/sync/patience.test.ts'],
  },
  {
    name: 'engine: everybody rests on after the fleet’s trouble',
    file: 'src/flows/incidents/watch-incidents.ts',
    search: '    await endRests(sql, { since: beginOf(openedAt), code })\n',
    replace: '',
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'engine: a hold that nobody tells of stays',
    file: 'src/flows/incidents/watch-incidents.ts',
    search: 'tenantIds.length > 0 ? tenantIds : home',
    replace: 'tenantIds',
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'engine: what Graph refuses most tenants holds everybody',
    file: 'src/flows/incidents/raise-alarm.ts',
    search: 'if (GRAPH_SAYS_IT_TOO.includes(code) &&',
    replace: "if (code === 'UNKNOWN' &&",
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'engine: an alert is marked as told before it is',
    file: 'src/flows/incidents/watch-incidents.ts',
    search: '    try {\n      await sendAlert',
    replace: '    await asFleet(store, (sql) => markTold(sql, id))\n    try {\n      await sendAlert',
    tests: ['test/flows/incidents.test.ts'],
  },
  {
    name: 'engine: a loss lifts an operator’s pause',
    file: 'src/flows/tenants/lose-consent.ts',
    search: ' || !FOLLOWS_WORK.includes(tenant.state)',
    replace: '',
    tests: ['test/flows/lose-consent.test.ts'],
  },
  {
    name: 'engine: a loss does not wait for the operator',
    file: 'src/flows/tenants/lose-consent.ts',
    search: 'await lockTenant(sql, tenantId)',
    replace: "await (await import('#store/tenants.ts')).findTenant(sql, tenantId)",
    tests: ['test/flows/lose-consent.test.ts'],
  },
  {
    name: 'engine: a verification that found nothing out is done',
    file: 'src/daemon/tasks.ts',
    search: 'if (diagnosis && !isLast &&',
    replace: 'if (!diagnosis && !isLast &&',
    tests: ['test/flows/verify-tenant.test.ts'],
  },
  {
    name: 'engine: a verification is not told to stop',
    file: 'src/flows/tenants/verify-access.ts',
    search: '    signal ? { signal } : {},\n',
    replace: '',
    tests: ['test/flows/verify-tenant.test.ts'],
  },
  {
    name: 'engine: a database that is away is a fault of the budget',
    file: 'src/store/buckets.ts',
    search: 'whileInUse(store, () => lend(store, wanted))',
    replace: 'lend(store, wanted)',
    tests: ['test/store/unreachable.test.ts'],
  },
  {
    name: 'engine: an author’s own server is taken for our database',
    file: 'src/flows/runs/job-database.ts',
    search: 'if (!ofTheDatabase.has(error)) own',
    replace: 'if (ofTheDatabase.has(error)) own',
    tests: ['test/own-jobs/runs.test.ts'],
  },
  {
    name: 'engine: who waits for writes holds up who reads',
    file: 'src/graph/budget.ts',
    search: 'const turnsToWrite = openTurns<TenantId, readonly Need[]>(shop, clock)',
    replace: 'const turnsToWrite = turns',
    tests: ['test/graph/budget.test.ts'],
  },
  {
    name: 'engine: another tenant’s directory is read',
    file: 'src/graph/changes.ts',
    search: "if (definition.kind === 'organization') assertOwn(graph, page)",
    replace: '',
    tests: ['test/graph/changes.test.ts'],
  },
  {
    name: 'watch: whoever is refused takes work all the same',
    file: 'src/daemon/observe.ts',
    search: 'isLeft: () => tasks[name].isLeft?.() ?? false',
    replace: 'isLeft: () => false',
    tests: ['test/flows/refused-process.test.ts'],
  },
  {
    name: 'watch: a machine that goes on being refused is forgotten',
    file: 'src/flows/incidents/hold-back.ts',
    search: 'else await say(tools, refusal)',
    replace: '',
    tests: ['test/flows/refused-process.test.ts'],
  },
  {
    name: 'watch: whoever is still refused opens again what a person has closed',
    file: 'src/flows/incidents/hold-back.ts',
    search: 'if (settled) return { incident: settled, isNew: false }',
    replace: '',
    tests: ['test/flows/refused-process.test.ts'],
  },
  {
    name: 'watch: whoever is refused judges whether what holds the work is over',
    file: 'src/flows/incidents/watch-incidents.ts',
    search: 'if (isHoldingBack(tools)) return',
    replace: '',
    tests: ['test/flows/refused-process.test.ts'],
  },
  {
    name: 'watch: the audit ends with its first page',
    file: 'src/store/audit.ts',
    search: 'found.length > limit ?',
    replace: 'found.length < 0 ?',
    tests: ['test/console/audit.test.ts'],
  },
  {
    name: 'watch: a site that speaks https may be asked without',
    file: 'src/pages/guard.ts',
    search: "https ? 'max-age=63072000' : false",
    replace: 'https && false',
    tests: ['test/signup/entrance.test.ts', 'test/console/sign-in.test.ts'],
  },
  {
    name: 'watch: whose sign-in has ended while he registers is told that his role does not suffice',
    file: 'src/tools/registrar.ts',
    search: '        signedIn: true,\n',
    replace: '',
    tests: ['test/journeys/register.test.ts'],
  },
  {
    name: 'watch: nobody is told which machines take no work, nor that the others go on',
    file: 'src/console/views/incident-list.ts',
    search: 'hosts.length > 0 && html',
    replace: 'hosts.length < 0 && html',
    tests: ['test/console/jobs-and-incidents.test.ts'],
  },
  {
    name: 'engine: a page of changes takes objects before its run',
    file: 'src/flows/sync/store-pages.ts',
    search: 'if (!insert) await holdRun(sql, runId)',
    replace: '',
    tests: ['test/faults/lock-order.test.ts'],
  },
  {
    name: 'engine: a run that ends badly takes its tenant last',
    file: 'src/flows/runs/end-badly.ts',
    search: 'if (rest > 0) await lockTenant(sql, tenantId)',
    replace: '',
    tests: ['test/faults/lock-order.test.ts'],
  },
  {
    name: 'engine: what an operator allows once is allowed for ever',
    file: 'src/store/cursors.ts',
    search: 'tenantry.sync_cursors.removals_allowed and not',
    replace: 'tenantry.sync_cursors.removals_allowed or',
    tests: ['test/console/removal.test.ts'],
  },
  {
    name: 'engine: whoever comes late to finish an end takes from whoever is back',
    file: 'src/flows/tenants/offboard-tenant.ts',
    search: "if ((await lockTenant(sql, sql.tenantId))?.state !== 'offboarding') return null",
    replace: '',
    tests: ['test/flows/offboard-tenant.test.ts'],
  },
  {
    name: 'engine: what a job has noted outlasts its tenant',
    file: 'src/flows/tenants/offboard-tenant.ts',
    search: 'await forgetCheckpoints(sql)',
    replace: 'void forgetCheckpoints',
    tests: ['test/flows/offboard-tenant.test.ts'],
  },
  {
    name: 'engine: many tenants are taken back in any order',
    file: 'src/store/incidents.ts',
    search: 'code} order by id',
    replace: 'code}',
    tests: ['test/faults/lock-order.test.ts'],
  },
  {
    name: 'engine: a rest of the whole app is waited for in a place',
    file: 'src/graph/turns.ts',
    search: 'wait === 0 || wait > LONGEST_WAIT_MILLISECONDS',
    replace: 'wait === 0',
    tests: ['test/graph/app-rest.test.ts'],
  },
  {
    name: 'engine: what rests is told to be full',
    file: 'src/store/buckets.ts',
    search: 'then 0 else least(',
    replace: 'then 1 else least(',
    tests: ['test/graph/app-rest.test.ts'],
  },
  {
    name: 'engine: what was given up outlasts its tenant',
    file: 'src/flows/queue/forget-dead-letters.ts',
    search: 'return [...ofEnded, ',
    replace: 'return [',
    tests: ['test/flows/dead-letters.test.ts'],
  },
  {
    name: 'resources: another $select goes on at the old link',
    file: 'src/flows/sync/cursor-to-begin-with.ts',
    search: 'known.fingerprint === fingerprintOf(definition)',
    replace: 'true',
    tests: ['test/sync/own-resources.test.ts'],
  },
  {
    name: 'resources: what the ISV has declared wrongly is held against the customer',
    file: 'src/flows/sync/diagnose-resource.ts',
    search: 'if (granted.length === 0) return error',
    replace: 'return error',
    tests: ['test/sync/own-resources.test.ts'],
  },
  {
    name: 'resources: what the customer has taken away is held against the ISV',
    file: 'src/flows/sync/diagnose-resource.ts',
    search: 'if (granted.length === 0) return error',
    replace: '',
    tests: ['test/sync/own-resources.test.ts'],
  },
  {
    name: 'resources: a kind that is left out is read all the same',
    file: 'src/model/resources-of.ts',
    search: 'if (change === false) return []',
    replace: '',
    tests: ['test/sync/own-resources.test.ts'],
  },
  {
    name: 'resources: what is read is deleted like what is left over',
    file: 'src/flows/sync/forget-kind.ts',
    search: 'throw stillRead(kind)',
    replace: 'stillRead(kind)',
    tests: ['test/sync/own-resources.test.ts'],
  },
  {
    name: 'resources: members of other objects than groups are stored as a group’s',
    file: 'src/graph/changes.ts',
    search: "if (kind === 'group' && Array.isArray(came))",
    replace: 'if (Array.isArray(came))',
    tests: ['test/graph/changes.test.ts'],
  },
  {
    name: 'resources: an upgrade has every directory read anew',
    file: 'src/store/migrations/0021-own-resources.ts',
    search: 'set fingerprint = case kind',
    replace: 'set fingerprint = case kind || kind',
    tests: ['test/sync/upgraded.test.ts'],
  },
  {
    name: 'resources: what was counted before the upgrade is forgotten',
    file: 'src/store/migrations/0021-own-resources.ts',
    search: 'where users > 0 or groups > 0',
    replace: 'where false',
    tests: ['test/sync/upgraded.test.ts'],
  },
  {
    name: 'engine: a circle that outlasts a turn is followed for ever',
    file: 'src/flows/sync/store-pages.ts',
    search: 'if (!trail) throw new Circle(definition)',
    replace: 'if (!trail) throw new TypeError()',
    tests: ['test/sync/delta.test.ts'],
  },
  {
    name: 'engine: whoever goes in a circle goes on in it at the next try',
    file: 'src/flows/sync/sync-resource.ts',
    search: '      await forgetPlace(work, { ...anew(definition), removalsAllowed: cursor.removalsAllowed })\n',
    replace: '',
    tests: ['test/sync/delta.test.ts'],
  },
  {
    name: 'engine: what was given up still leaves',
    file: 'src/outbound/exchange.ts',
    search: '          if (failure) controller.abort(failure)\n',
    replace: '',
    tests: ['test/outbound/send.test.ts'],
  },
  {
    name: 'engine: a stop waits for a database that is away',
    file: 'src/jobs/open-settling.ts',
    search: '!isOutOfUse(error) || stopping.aborted',
    replace: '!isOutOfUse(error)',
    tests: ['test/jobs/runner.test.ts'],
  },
  {
    name: 'engine: of a refusal the others hear what a person waits',
    file: 'src/graph/request.ts',
    search: 'graph.budget?.rest(whoRests(graph, answer.headers), pause)',
    replace: 'graph.budget?.rest(whoRests(graph, answer.headers), bearable(graph, pause))',
    tests: ['test/graph/budget.test.ts'],
  },
  {
    name: 'engine: a date of Graph’s is read by our clock',
    file: 'src/outbound/retry-after.ts',
    search: 'dateIn(headers.date?.trim()) ?? now.getTime()',
    replace: 'now.getTime()',
    tests: ['test/graph/patience.test.ts', 'test/graph/batch.test.ts'],
  },
  {
    name: 'engine: whoever is sent away has used what his tenant may ask',
    file: 'src/graph/budget.ts',
    search: 'if (!goes) purses.putBack(taken)',
    replace: 'void goes',
    tests: ['test/graph/budget.test.ts'],
  },
  {
    name: 'engine: what is given to whoever has left is lost',
    file: 'src/graph/turns.ts',
    search: 'if (wait === 0 && waiter.gone()) putBack(waiter.what)',
    replace: '',
    tests: ['test/graph/budget.test.ts'],
  },
  {
    name: 'engine: planning sorts all that is due for each piece of it',
    file: 'src/store/job-schedules.ts',
    search: "set_config('enable_sort', 'off', true)",
    replace: "set_config('enable_sort', 'on', true)",
    tests: ['test/own-jobs/planning.test.ts'],
  },
  {
    name: 'watch: a tenant is ended whatever is typed',
    file: 'src/cli/offboard-command.ts',
    search: '[displayName.trim(), name, id].includes(answer)',
    replace: "answer !== ''",
    tests: ['test/cli/offboard.test.ts'],
  },
  {
    name: 'watch: a tenant is ended without asking where nobody can be asked',
    file: 'src/cli/offboard-command.ts',
    search: 'if (!yes && !ask) return',
    replace: 'if (!yes && json && !ask) return',
    tests: ['test/cli/offboard.test.ts'],
  },
  {
    name: 'engine: whoever waits for one tenant that is locked holds up all that begin with it',
    file: 'src/store/rounds.ts',
    search: ': raw`skip locked`',
    replace: ': raw``',
    tests: ['test/store/rounds.test.ts'],
  },
  {
    name: 'engine: a server waits for a lock when nobody waits for it any more',
    file: 'src/store/database/open.ts',
    search: 'const LOCK_SHARE = 0.8',
    replace: 'const LOCK_SHARE = 80',
    tests: ['test/store/unreachable.test.ts'],
  },
  {
    name: 'engine: what is told to stop has failed',
    file: 'src/jobs/run-one.ts',
    search: "if (signal.aborted) return 'INTERRUPTED'\n    const { retry",
    replace: 'const { retry',
    tests: ['test/jobs/runner.test.ts'],
  },
  {
    name: 'engine: whoever is told to stop has no time to',
    file: 'src/jobs/runner.ts',
    search: '      }, graceMilliseconds)\n',
    replace: '      }, 0)\n',
    tests: ['test/faults/hung-and-stopped.test.ts'],
  },
  {
    name: 'engine: a schema that is newer is taken',
    file: 'src/store/database/migrate.ts',
    search: 'if (unknown.length === 0) return',
    replace: 'if (unknown.length >= 0) return',
    tests: ['test/store/migrate.test.ts'],
  },
  {
    name: 'engine: an error is written with whatever clients attach to it',
    file: 'src/base/log.ts',
    search: 'err: (error: unknown) => describeError(error), ',
    replace: '',
    tests: ['test/base/log.test.ts'],
  },
  {
    name: 'engine: a removal begins before its last page',
    file: 'src/flows/sync/store-pages.ts',
    search: 'end && (unseen || removedInRound > 0)',
    replace: '(unseen && end) || removedInRound > 0',
    tests: ['test/sync/delta.test.ts'],
  },
  {
    name: 'engine: a replica that is behind is told of at once',
    file: 'src/flows/grants/patiently.ts',
    search: "  'GRANT_NOT_VISIBLE_YET',\n",
    replace: '',
    tests: ['test/flows/grants-awaited.test.ts'],
  },
  {
    name: 'engine: a Graph that has not yet heard of a role is believed',
    file: 'src/flows/grants/patiently.ts',
    search: "  'PERMISSION_MISSING',\n",
    replace: '',
    tests: ['test/flows/apply-grants.test.ts'],
  },
]

const LONGEST_TEST_MILLISECONDS = 120_000

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installPackages()
  process.exitCode = inACopy(hunt) ? 0 : 1
}

/** @param {(copy: string) => boolean} work */
function inACopy(work) {
  const copy = mkdtempSync(join(tmpdir(), 'tenantry-mutants-'))
  try {
    for (const part of [
      'src',
      'emulator',
      'test',
      'docs',
      'package.json',
      'tsconfig.json',
      'tenantry.config.ts',
      '.env.example',
    ])
      cpSync(join(root, part), join(copy, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
    return work(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** @returns whether every mutant was noticed */
function hunt(copy) {
  const wanted = process.argv.slice(2)
  const chosen = MUTANTS.filter(({ name }) => wanted.every((word) => name.includes(word)))
  const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))]
  const { passes, said } = run(copy, tests)
  if (!passes) console.log(`${said}\nThe tests do not even pass as things are, so they prove nothing.`)
  if (!passes || chosen.length === 0) return false
  const survivors = chosen.filter((mutant) => !isNoticed(copy, mutant))
  console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants were noticed.`)
  return survivors.length === 0
}

function isNoticed(copy, { name, file, search, replace, tests }) {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(search).length !== 2) {
    console.log(`? ${name}: “${search}” does not stand exactly once in ${file}`)
    return false
  }
  writeFileSync(
    path,
    text.replace(search, () => replace),
  )
  const { failed } = run(copy, tests)
  writeFileSync(path, text)
  console.log(failed ? `✔ ${name}: noticed by “${failed}”` : `✖ ${name}: survived ${tests}`)
  return failed !== undefined
}

/** @returns the first test that failed; a file that cannot even be read is no test, and notices nothing */
function run(copy, tests) {
  const { status, stdout, stderr } = spawnSync(
    node,
    ['--test', '--test-reporter=tap', `--test-timeout=${LONGEST_TEST_MILLISECONDS}`, ...tests],
    { cwd: copy, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  const failed = [...stdout.matchAll(/^ *not ok \d+ - (.+)$/gm)].map(([, title]) => title)
  return {
    passes: status === 0,
    failed: failed.find((title) => !title.includes('.test.ts')),
    said: `${stdout}${stderr}`,
  }
}
