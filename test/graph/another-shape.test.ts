import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { listAppRoleAssignments } from '#graph/app-role-assignments.ts'
import { findRegistration } from '#graph/applications.ts'
import { readMe, readMyDirectoryRoles } from '#graph/me.ts'
import type { Graph } from '#graph/open.ts'
import {
  createServicePrincipal,
  findRegistrationOf,
  listDeletedNames,
  readOfferedPermissions,
} from '#graph/registration.ts'
import { request } from '#graph/request.ts'
import { findMicrosoftGraph } from '#graph/service-principals.ts'
import { userPages } from '#graph/users.ts'
import type { ClientId } from '#model/ids.ts'
import { recordingClock } from '#test/graph/support/recording-clock.ts'
import { consent, openGates } from '#test/support/gates.ts'
import { FABRIKAM } from '#test/support/installation.ts'
import { madeUp } from '#test/support/made-up.ts'
import { refusedWith } from '#test/support/problem.ts'

const gates = await openGates({ after }, { clock: recordingClock() })
await consent(gates, FABRIKAM)

const client = madeUp.clientId() as ClientId
const READERS: Record<string, (graph: Graph) => Promise<unknown>> = {
  'app role assignments': (graph) => listAppRoleAssignments(graph, madeUp.objectId()),
  'credentials of an app registration': (graph) => findRegistration(graph, client),
  'an app registration': (graph) => findRegistrationOf(graph, client),
  'names of deleted applications': listDeletedNames,
  'what Microsoft Graph offers': readOfferedPermissions,
  'a service principal': findMicrosoftGraph,
  'a new service principal': (graph) => createServicePrincipal(graph, client),
  'directory roles': readMyDirectoryRoles,
  'who is signed in': readMe,
  users: async (graph) => {
    for await (const { items } of userPages(graph)) assert.fail(`${items.length} were taken`)
  },
}

test('G06 a refusal of which one part makes no sense says what its other parts say', async (t) => {
  t.after(() => gates.emulator.mischief.clear())
  for (const oddity of [
    { message: null },
    { message: ['a', 'list'] },
    { details: null },
    { details: [null, 7] },
    { innerError: null },
    { innerError: { 'request-id': null, 'client-request-id': 7 } },
    { innerError: { 'request-id': 'x'.repeat(100_000) } },
  ]) {
    const body = JSON.stringify({ error: { code: 'Directory_ExpiredPageToken', message: 'Expired.', ...oddity } })
    gates.emulator.mischief.once({ at: 'graph', answer: { status: 400, body } })
    const found = await refusedWith('SYNC_STATE_LOST', () => request(gates.graphIn(FABRIKAM), { path: '/users' }))
    assert.equal(found.sourceCode, 'Directory_ExpiredPageToken', JSON.stringify(oddity).slice(0, 80))
    assert.ok((found.traceId ?? '').length < 100)
  }
})

test('G06 an answer of another shape than Graph’s is Microsoft’s trouble, whatever was asked, and tried again', async () => {
  const body = JSON.stringify({ id: 7, value: [{ id: 'no id', '@odata.type': 7, uniqueName: 7, appRoles: 'none' }] })
  gates.emulator.mischief.add({ at: 'graph', answer: { status: 200, body } })
  for (const [what, read] of Object.entries(READERS)) {
    const { owner, retry } = await refusedWith('ANSWER_UNREADABLE', () => read(gates.graphIn(FABRIKAM)))
    assert.deepEqual([owner, retry], ['microsoft', 'backoff'], what)
  }
})
