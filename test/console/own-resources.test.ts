import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineResource } from '#model/resource.ts'
import { asTenant } from '#store/database/open.ts'
import { finishRun, recordPage, startRun } from '#store/sync-runs.ts'
import { openSite } from '#test/console/support/open-site.ts'
import { openPerson, plain } from '#test/console/support/person.ts'
import { runHere } from '#test/support/at-the-terminal.ts'
import { CONTOSO, connect } from '#test/support/installation.ts'
import { aResource, madeUp } from '#test/support/made-up.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'

const unit = defineResource({
  kind: 'administrativeUnit',
  mode: 'delta',
  path: '/directory/administrativeUnits/delta',
  select: ['id', 'displayName'],
  key: 'id',
  anyOf: ['AdministrativeUnit.Read.All'],
})
const device = defineResource({
  kind: 'device',
  title: 'Devices',
  mode: 'delta',
  path: '/devices/delta',
  select: ['id', 'displayName'],
  key: 'id',
  anyOf: ['Device.Read.All'],
})

test('kinds of the app’s own are shown by their names, and what is left of one that is read no more', async (t) => {
  const site = await openSite(t, {
    app: {
      permissions: ['User.Read.All', 'Organization.Read.All', 'Device.Read.All', 'AdministrativeUnit.Read.All'].map(
        (value) => ({ value, reason: 'Is needed.' }),
      ),
      resources: [unit, device],
      builtInResources: { group: false },
    },
  })
  const { store } = site.tools
  await connect(site, CONTOSO)
  await asTenant(store, CONTOSO, async (sql) => {
    const { id } = await startRun(sql, { id: madeUp.runId() })
    const stored = [
      aResource('device', 'Laptop'),
      aResource('device', 'Phone'),
      aResource('administrativeUnit', 'North'),
      aResource('printer', 'Left over'),
      aResource('group', 'Left over as well'),
    ]
    await upsertResources(sql, madeUp.generationId(), stored)
    await recordPage(sql, id, { kind: 'device', count: 2 })
    await recordPage(sql, id, { kind: 'device', count: 3 })
    await finishRun(sql, id, { state: 'succeeded', diagnosis: null })
  })
  const olivia = openPerson(site)
  await olivia.signIn()

  const page = plain((await olivia.get(`/tenants/${CONTOSO}`)).text)
  assert.match(page, /Users 0 Administrative unit 1 Devices 2 Last run/)
  assert.match(page, /No longer read, and left as it was: Groups 1, Printer 1\./)
  assert.match(page, /Pages Read Removed/)
  assert.match(page, /Succeeded .* 2 Devices 5 0/)
  assert.match(
    plain((await olivia.get(`/tenants/${CONTOSO}/offboard`)).text),
    /0 users, 1 group and 4 other objects read/,
  )

  const told = JSON.parse((await olivia.api('GET', `/tenants/${CONTOSO}`)).text) as { counts: object }
  const counts = { organization: 0, subscribedSku: 0, user: 0, group: 1, servicePrincipal: 0 }
  assert.deepEqual(told.counts, { ...counts, administrativeUnit: 1, device: 2, printer: 1 })
  const { runs } = JSON.parse((await olivia.api('GET', `/tenants/${CONTOSO}/runs`)).text) as {
    runs: { counts: object; users: number; groups: number }[]
  }
  assert.deepEqual([runs[0]?.counts, runs[0]?.users, runs[0]?.groups], [{ ...counts, group: 0, device: 5 }, 0, 0])

  const shown = await runHere(site.tools, 'tenants', 'show', '--tenant', CONTOSO).ended
  assert.match(shown.stdout, /Stored: 0 users, 1 administrative unit, 2 devices\./)
  assert.match(shown.stdout, /No longer read, and left as it was: 1 groups, 1 printer\./)
  assert.match(shown.stdout, /PAGES +USERS READ +ADMINISTRATIVE UNIT READ +DEVICES READ +REMOVED/)
})
