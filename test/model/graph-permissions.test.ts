import assert from 'node:assert/strict'
import test from 'node:test'
import { APPLICATION_PERMISSIONS, nearestPermission } from '#model/graph-permissions.ts'

test('every name stands once, in the shape that Microsoft writes names in', () => {
  assert.ok(APPLICATION_PERMISSIONS.length > 500)
  assert.equal(new Set(APPLICATION_PERMISSIONS.map((name) => name.toLowerCase())).size, APPLICATION_PERMISSIONS.length)
  for (const name of APPLICATION_PERMISSIONS) assert.match(name, /^[A-Za-z][A-Za-z0-9-]*(\.[A-Z][A-Za-z]*){1,2}$/)
})

test('names from every corner of the list are known, and delegated ones are not', () => {
  for (const name of [
    'AccessReview.Read.All',
    'BackupRestore-Search.Read.All',
    'DeviceManagementManagedDevices.ReadWrite.All',
    'eDiscovery.ReadWrite.All',
    'LicenseAssignment.Read.All',
    'Policy.ReadWrite.CrossTenantAccess',
    'TeamsAppInstallation.ReadWriteAndConsentSelfForChat.All',
    'User-LifeCycleInfo.Read.All',
    'WorkforceIntegration.ReadWrite.All',
  ])
    assert.ok(APPLICATION_PERMISSIONS.includes(name), name)
  for (const delegatedOnly of ['User.Read', 'Mail.Read.Shared', 'Files.Read', 'openid', 'offline_access'])
    assert.ok(!APPLICATION_PERMISSIONS.includes(delegatedOnly), delegatedOnly)
})

test('a slip of the finger finds the name that was meant; a name from elsewhere finds none', () => {
  assert.equal(nearestPermission('User.Read.Al'), 'User.Read.All')
  assert.equal(nearestPermission('group.read.all'), 'Group.Read.All')
  assert.equal(nearestPermission('Organisation.Read.All'), 'Organization.Read.All')
  assert.equal(nearestPermission('Sundial.ReadWrite.All'), null)
})
