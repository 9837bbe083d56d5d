import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { atLeisure } from '#console/at-leisure.ts'
import { asTenant } from '#store/database/open.ts'
import { startRun } from '#store/sync-runs.ts'
import { openSite, siteUnder } from '#test/console/support/open-site.ts'
import { openPerson } from '#test/console/support/person.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aTenant, madeUp } from '#test/support/made-up.ts'

test('an answer that was under way when something was changed is not shown any more', async () => {
  const asked: PromiseWithResolvers<string>[] = []
  const watch = atLeisure(
    handClock(),
    () => {
      const question = Promise.withResolvers<string>()
      asked.push(question)
      return question.promise
    },
    { freshMilliseconds: MINUTE },
  )
  const [first, second] = [watch.look(), watch.look()]
  assert.equal(asked.length, 1, 'both look at the same')
  watch.forget()
  const third = watch.look()
  asked[1]?.resolve('after')
  assert.equal(await third, 'after')
  asked[0]?.resolve('before')
  assert.deepEqual([await first, await second], ['before', 'before'])
  assert.equal(await watch.look(), 'after')
  assert.equal(asked.length, 2)
})

test('what failed is asked again at once', async () => {
  const answers = [Promise.reject(new Error('away')), Promise.resolve('back')]
  const watch = atLeisure(handClock(), () => answers.shift() ?? Promise.resolve('never'), {
    freshMilliseconds: MINUTE,
  })
  await assert.rejects(watch.look(), /away/)
  assert.equal(await watch.look(), 'back')
  assert.equal(await watch.look(), 'back')
})

test('a giant that is being read is watched without its objects being counted at every look', async (t) => {
  const site = await openSite(t)
  const { tools } = site
  const tenantId = await aTenant(tools.store)
  await asTenant(tools.store, tenantId, (sql) => startRun(sql, { id: madeUp.runId() }))
  const olivia = openPerson(site)
  await olivia.signIn()

  let [now, looks, counts] = [Date.now(), 0, 0]
  const clock: Clock = {
    now: () => new Date(now),
    sleep: async (milliseconds) => {
      now += milliseconds
    },
  }
  const counting = tools.store.kysely.withPlugin({
    transformQuery: ({ node }) => {
      const statement = node.kind === 'RawNode' ? node.sqlFragments.join('') : ''
      if (statement.includes('from tenantry.sync_runs')) looks += 1
      if (statement.includes('from tenantry.resources')) {
        counts += 1
        // So long it takes where there are very many.
        now += 2_000
      }
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const slow = siteUnder({ ...tools, clock, store: { ...tools.store, clock, kysely: counting } }, site.url)
  const cookie = [...olivia.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const { host } = new URL(site.url)
  const answer = await slow.request(`${site.url}/tenants/${tenantId}/events`, { headers: { cookie, host } })
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /^event: show$/m)
  // Five minutes, by that clock.
  assert.ok(looks > 300, `${looks} looks`)
  assert.ok(counts <= 8, `counted ${counts} times`)
})
