import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { startEmulator } from '#emulator/index.ts'
import { type Ask, asApp, graphEstate, READER, WRITER } from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
const writer = await asApp(emulator, WRITER, 'contoso.example')
const reader = await asApp(emulator, READER, 'contoso.example')

type Known = { id: string; userPrincipalName: string; jobTitle: string | null }

/** Everybody, in pages of seven, in the order in which they come. */
async function everybody(ask: Ask): Promise<Known[]> {
  const people: Known[] = []
  let next: string | undefined = '/users?$top=7&$select=id,userPrincipalName,jobTitle'
  while (next !== undefined) {
    const { body } = await ask(next)
    people.push(...body.value)
    next = body['@odata.nextLink']
  }
  return people
}

const steps = fc.array(
  fc.record({
    deed: fc.constantFrom('change', 'rename', 'delete', 'restore', 'purge', 'create', 'snapshot', 'go back'),
    who: fc.nat({ max: 70 }),
  }),
  { minLength: 8, maxLength: 25 },
)

test('generated users, who are made when they are asked for, behave as if they had been kept', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      emulator.reset()
      let model = await everybody(reader)
      assert.equal(model.length, 60)
      let deleted: Known[] = []
      let saved: { id: string; model: Known[]; deleted: Known[] } | null = null
      for (const [step, { deed, who }] of plan.entries()) {
        const person: Known | undefined = model[who % model.length]
        const gone: Known | undefined = deleted[who % Math.max(1, deleted.length)]
        assert.ok(person)
        if (deed === 'change' || deed === 'rename') {
          const body =
            deed === 'change' ? { jobTitle: `Title ${step}` } : { userPrincipalName: `n${step}@contoso.example` }
          assert.equal((await writer(`/users/${person.id}`, { method: 'PATCH', body })).status, 204)
          model = model.map((known) => (known === person ? { ...known, ...body } : known))
        }
        if (deed === 'delete') {
          assert.equal((await writer(`/users/${person.userPrincipalName}`, { method: 'DELETE' })).status, 204)
          model = model.filter((known) => known !== person)
          deleted = [...deleted, person]
        }
        if (deed === 'restore' && gone) {
          const { status } = await writer(`/directory/deletedItems/${gone.id}/restore`, { method: 'POST', body: {} })
          assert.equal(status, 200)
          model = [...model, gone]
          deleted = deleted.filter((known) => known !== gone)
        }
        if (deed === 'purge' && gone) {
          assert.equal((await writer(`/directory/deletedItems/${gone.id}`, { method: 'DELETE' })).status, 204)
          deleted = deleted.filter((known) => known !== gone)
        }
        if (deed === 'create') {
          const made = await writer('/users', {
            body: {
              accountEnabled: true,
              displayName: `New ${step}`,
              mailNickname: `new${step}`,
              userPrincipalName: `new${step}@contoso.example`,
              passwordProfile: { password: 'S3cret-of-the-new' },
            },
          })
          assert.equal(made.status, 201)
          model = [...model, { id: made.body.id, userPrincipalName: made.body.userPrincipalName, jobTitle: null }]
        }
        if (deed === 'snapshot') saved = { id: emulator.snapshot(), model, deleted }
        if (deed === 'go back' && saved) {
          emulator.restore(saved.id)
          ;({ model, deleted } = saved)
        }
      }
      assert.deepEqual(await everybody(reader), model)
      for (const { id, userPrincipalName } of model) {
        assert.equal((await reader(`/users/${userPrincipalName.toUpperCase()}`)).body.id, id)
        assert.equal((await reader(`/users/${id}`)).body.userPrincipalName, userPrincipalName)
      }
      for (const { id } of deleted) assert.equal((await reader(`/users/${id}`)).status, 404)
    }),
    { numRuns: 12 },
  )
})
