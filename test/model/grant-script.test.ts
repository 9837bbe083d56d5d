import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { CLOUDS } from '#model/cloud.ts'
import { grantScript } from '#model/grant-script.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { madeUp } from '#test/support/made-up.ts'

const CLIENT = madeUp.clientId()
const TENANT = madeUp.tenantId()
const scriptFor = (appName: string, values = ['User.Read.All', 'Group.Read.All']) =>
  grantScript({
    cloud: CLOUDS.public,
    clientId: CLIENT,
    tenantId: TENANT,
    appName,
    permissions: values.map((value) => ({ value, reason: 'so' })),
  })

test('bash reads the script without a complaint, whatever the app is called', () => {
  const names = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.constantFrom(
      '$(rm -rf /)',
      '`id`',
      "it's",
      'two\nlines\necho gone',
      'back\\',
      '"; echo gone; "',
      '\u2028echo gone',
    ),
  )
  fc.assert(
    fc.property(names, (name) => {
      const script = scriptFor(name)
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })
      assert.equal(status, 0, stderr)
      // Only the one comment line differs: nothing of a name ever becomes a command.
      const lines = (text: string) => text.split('\n').filter((_, index) => index !== 1)
      assert.deepEqual(lines(script), lines(scriptFor('Plain')))
      assert.match(script.split('\n')[1] ?? '', /^# Gives /)
    }),
    { numRuns: 60 },
  )
})

/** `az`, as far as the script speaks to it: answers from a small directory and writes down what it was told to change. */
const AZ = `#!/usr/bin/env bash
case "$*" in
  'account show'*) echo "$SIGNED_IN_TO" ;;
  'ad sp list'*"appId eq '$CLIENT'"*) cat "$FOLDER/ours" 2>/dev/null || true ;;
  'ad sp list'*) echo graph-object ;;
  'ad sp create'*) echo "create $*" >>"$FOLDER/changes"; echo our-object | tee "$FOLDER/ours" ;;
  'ad sp show'*"'Not.Offered'"*) ;;
  'ad sp show'*) sed -n "s/.*value=='\\([^']*\\)'.*/role-of-\\1/p" <<<"$*" ;;
  'rest --method GET'*) role=$(sed -n "s/.*appRoleId=='\\([^']*\\)'.*/\\1/p" <<<"$*"); grep -c "appRoleId\\":\\"$role\\"" "$FOLDER/changes" 2>/dev/null || true ;;
  'rest --method POST'*) echo "$*" >>"$FOLDER/changes" ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
`

function runWithAz(t: TestContext, signedInTo: string) {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'az'), AZ)
  chmodSync(join(folder, 'az'), 0o755)
  writeFileSync(join(folder, 'changes'), '')
  const env = { PATH: `${folder}:${process.env.PATH}`, FOLDER: folder, CLIENT, SIGNED_IN_TO: signedInTo }
  return {
    run: (script: string) => spawnSync('bash', [], { input: script, encoding: 'utf8', env }),
    changes: () => readFileSync(join(folder, 'changes'), 'utf8').trim().split('\n').filter(Boolean),
  }
}

test('run by hand it grants each declared permission once, and a second time finds them there', (t) => {
  const { run, changes } = runWithAz(t, TENANT)
  const first = run(scriptFor('Fabrikam Insights'))
  assert.equal(first.status, 0, first.stderr)
  assert.deepEqual(first.stdout.trim().split('\n'), ['User.Read.All: granted', 'Group.Read.All: granted'])
  const bodies = changes().flatMap((line) => /--body (\{.*?\})/.exec(line)?.[1] ?? [])
  assert.deepEqual(
    bodies.map((body) => JSON.parse(body)),
    ['User.Read.All', 'Group.Read.All'].map((value) => ({
      principalId: 'our-object',
      resourceId: 'graph-object',
      appRoleId: `role-of-${value}`,
    })),
  )
  assert.ok(
    changes()
      .filter((line) => line.includes('POST'))
      .every((line) =>
        line.includes('https://graph.microsoft.com/v1.0/servicePrincipals/graph-object/appRoleAssignedTo'),
      ),
  )

  const before = changes().length
  const second = run(scriptFor('Fabrikam Insights'))
  assert.equal(second.status, 0, second.stderr)
  assert.deepEqual(second.stdout.trim().split('\n'), ['User.Read.All: there already', 'Group.Read.All: there already'])
  assert.equal(changes().length, before)
})

test('T01 signed in to another tenant it changes nothing and says what to do', (t) => {
  const { run, changes } = runWithAz(t, madeUp.tenantId())
  const { status, stderr } = run(scriptFor('Fabrikam Insights'))
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`az login --tenant ${TENANT}`))
  assert.deepEqual(changes(), [])
})

test('a permission that the tenant’s Microsoft Graph does not offer is named, and nothing is posted for it', (t) => {
  const { run, changes } = runWithAz(t, TENANT)
  const { status, stderr } = run(scriptFor('Fabrikam Insights', ['User.Read.All', 'Not.Offered']))
  assert.equal(status, 1)
  assert.match(stderr, /^Not\.Offered: .*does not offer it/)
  assert.equal(changes().filter((line) => line.includes('POST')).length, 1)
})
