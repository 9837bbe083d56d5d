import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO, type EstateInput } from '#emulator/index.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import type { Ended } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

/** As if Fabrikam had consented and granted long ago. */
const alreadyGranted = (estate: EstateInput): EstateInput => ({
  ...estate,
  servicePrincipals: [
    ...(estate.servicePrincipals ?? []),
    { tenant: DEMO.fabrikam, appId: DEMO.appId, application: ['User.Read.All', 'Group.Read.All'] },
  ],
})

suite('tenantry run print-users: the smallest daemon', () => {
  const scope = suiteScope()
  let place: Deployment
  before(async () => {
    place = await openDeployment(scope, { change: alreadyGranted })
    assert.equal((await place.run('migrate')).code, 0)
  })

  test('prints the claims of its token, never the token, and every user of all pages', async () => {
    holdsEverybody(await place.run('run', 'print-users', '--tenant', DEMO.fabrikam))
  })

  test('prints the same beside a running process that owns the database', async () => {
    const program = await place.open('dev')
    holdsEverybody(await place.run('run', 'print-users', '--tenant', DEMO.fabrikam))
    assert.equal(await program.stop(), 0)
  })

  test('prints data for programs with --json', async () => {
    const { code, stdout } = await place.run('run', 'print-users', '--tenant', DEMO.fabrikam, '--json')
    assert.equal(code, 0)
    const { claims, users } = JSON.parse(stdout) as { claims: { tid: string; appid?: string }; users: string[] }
    assert.equal(claims.tid, DEMO.fabrikam)
    assert.equal(users.length, 1_200)
    assert.ok(!stdout.includes('eyJ'))
  })

  test('what is logged meanwhile stands beside what it prints', async () => {
    place.emulator.mischief.say('apptoken.swap')
    const { code, stdout, stderr } = await place.run('run', 'print-users', '--tenant', DEMO.fabrikam, '--json')
    assert.deepEqual([code, stdout], [1, ''])
    place.emulator.mischief.clear()
    assert.match(stderr, /"msg":"incident"/)
  })

  test('says who has to do what where the tenant has not consented, and where there is none', async () => {
    const stranger = await place.run('run', 'print-users', '--tenant', DEMO.contoso)
    assert.equal(stranger.code, 1)
    assert.match(stranger.stderr, /Who mends it: the customer’s administrator/)
    const nobody = await place.run('run', 'print-users', '--tenant', '99999999-9999-4999-8999-999999999999')
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr, /^TENANT_NOT_FOUND: .+\n +Who mends it: .+\n +Next step: +.+/)
    const typo = await place.run('run', 'print-users', '--tenant', 'fabrikam')
    assert.equal(typo.code, 2)
    assert.match(typo.stderr, /A tenant id is a GUID/)
  })
})

function holdsEverybody({ code, stdout, stderr }: Ended): void {
  assert.equal(code, 0, stderr)
  assert.ok(!`${stdout}${stderr}`.includes('eyJ'), 'the token itself is never printed')
  const [, claims = '', names = '', total = ''] =
    /^Claims of the app-only token:\n(\{[\s\S]*?\n\})\n\n([\s\S]*)\n\n(\d+) users\.\n$/.exec(stdout) ?? []
  const { tid, aud, roles } = JSON.parse(claims) as { tid: string; aud: string; roles: string[] }
  assert.equal(tid, DEMO.fabrikam)
  assert.ok(aud)
  assert.deepEqual([...roles].sort(), ['Group.Read.All', 'User.Read.All'])
  const printed = names.split('\n')
  assert.equal(total, '1200')
  assert.equal(printed.length, 1_200)
  for (const name of ['Grace Admin', 'Adam Apps', 'Uma User']) assert.ok(printed.includes(name), name)
}
