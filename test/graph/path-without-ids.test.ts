import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathWithoutIds } from '#graph/path-without-ids.ts'

test('of a path only Graph’s own words are told: no id, no address of a person, no file by its place', () => {
  const paths: Record<string, string> = {
    '/v1.0/users/delta': '/v1.0/users/delta',
    '/beta/users/$count': '/beta/users/$count',
    '/v1.0/users/ada@contoso.com/messages/AAMkAD_0-4=': '/v1.0/users/{id}/messages/{id}',
    '/v1.0/users/9F0A3C55-3D2C-4B0E-8F5E-0C0B6D7F9A11/memberOf': '/v1.0/users/{id}/memberOf',
    "/v1.0/users('ada@contoso.com')/manager": '/v1.0/users({id})/manager',
    "/v1.0/reports/getOffice365ActiveUserDetail(period='D7')": '/v1.0/reports/getOffice365ActiveUserDetail({id})',
    '/v1.0/drives/b!9/root:/Salaries/ada.xlsx:/content': '/v1.0/drives/{id}/root:{path}',
    '/v1.0/sites/contoso.sharepoint.com:/teams/hr': '/v1.0/sites/{id}:{path}',
    '/v1.0/domains/contoso.com': '/v1.0/domains/{id}',
    '/v1.0/groups/{id}/members/microsoft.graph.user': '/v1.0/groups/{id}/members/microsoft.graph.user',
    '/v1.0/users/delta()': '/v1.0/users/delta()',
  }
  for (const [path, told] of Object.entries(paths)) assert.equal(pathWithoutIds(path), told, path)
})
