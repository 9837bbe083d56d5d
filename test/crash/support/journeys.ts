import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { openJobs } from '#jobs/open.ts'
import { asFleet, asFleetFor, openStore } from '#store/database/open.ts'
import { signUpWhateverHappens } from '#test/crash/support/administrator.ts'
import { TENANT } from '#test/crash/support/estate.ts'
import { isReady, type Lane } from '#test/crash/support/lane.ts'
import { silentLog } from '#test/support/backends.ts'

/** Something that is done from beginning to end, over and over, from the same beginning. */
export type Journey = {
  command: 'dev' | 'work'
  /** A database as it is before; and how the directory is, as a snapshot. */
  prepare(lane: Lane): Promise<{ database: string; snapshot: string }>
  /** What somebody does for it, undeterred by a site that is gone for a while. */
  drive(lane: Lane): Promise<void>
}

/** From the landing page to everything read for the first time. */
export const signUp: Journey = {
  command: 'dev',
  prepare: async ({ emulator, databases }) => ({
    database: await databases.copy(databases.empty),
    snapshot: emulator.snapshot(),
  }),
  drive: signUpWhateverHappens,
}

/** What has changed since: people and a group that came, changed and went, and members with them. */
export const nextRound: Journey = {
  command: 'work',
  async prepare(lane) {
    const databaseUrl = await signedUp(lane)
    await changeDirectory(lane)
    await askForRound(databaseUrl)
    return { database: databaseUrl, snapshot: lane.emulator.snapshot() }
  },
  drive: async () => {},
}

/** Graph has forgotten our place: everything is read anew, and what is gone is removed after the last page. */
export const readAnew: Journey = {
  command: 'work',
  async prepare(lane) {
    const databaseUrl = await signedUp(lane)
    await changeDirectory(lane)
    await askForRound(databaseUrl)
    await forgetPlaces(databaseUrl)
    return { database: databaseUrl, snapshot: lane.emulator.snapshot() }
  },
  drive: async () => {},
}

async function signedUp(lane: Lane): Promise<string> {
  const databaseUrl = await lane.databases.copy(lane.databases.empty)
  const program = lane.start('dev', databaseUrl)
  await isReady(program)
  await signUpWhateverHappens(lane)
  await lane.databases.untilAtRest(databaseUrl)
  assert.equal(await program.stop(), 0)
  return databaseUrl
}

async function changeDirectory({ witness: { ask } }: Lane): Promise<void> {
  const { value: users = [] } = await ask('GET', '/users?$orderby=displayName')
  const { value: groups = [] } = await ask('GET', '/groups')
  const [ada, bob, cleo] = users.filter((user) => !JSON.stringify(user).includes('Grace'))
  const [team, gone] = groups
  assert.ok(ada && bob && cleo && team && gone)
  await ask('PATCH', `/users/${ada.id}`, { displayName: 'Ada Renamed' })
  await ask('DELETE', `/users/${bob.id}`)
  await ask('DELETE', `/groups/${gone.id}`)
  await ask('POST', '/users', {
    accountEnabled: true,
    displayName: 'Newcomer',
    mailNickname: 'newcomer',
    userPrincipalName: 'newcomer@fabrikam.onmicrosoft.com',
    passwordProfile: { password: 'Passw0rd!' },
  })
  const { id } = await ask('POST', '/groups', {
    displayName: 'New team',
    mailEnabled: false,
    mailNickname: 'new-team',
    securityEnabled: true,
  })
  for (const person of [ada, cleo])
    await ask('POST', `/groups/${id}/members/$ref`, {
      '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${person.id}`,
    })
}

/** As planning does when it is time. */
async function askForRound(databaseUrl: string): Promise<void> {
  await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  await using jobs = await openJobs({ store, log: silentLog, work: false, migrate: false })
  await asFleet(store, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId: TENANT }))
}

/** A delta link that has grown too old is worth as much as none. */
async function forgetPlaces(databaseUrl: string): Promise<void> {
  await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  const { sql } = await import('kysely')
  await asFleetFor(store, [TENANT], ({ db }) =>
    sql`update tenantry.sync_cursors set delta_at = delta_at - interval '7 days'`.execute(db),
  )
}
