import { defineResource } from 'tenantry'

/** The applications that are registered in a customer's tenant. */
export default defineResource({
  kind: 'application',
  title: 'App registrations',
  mode: 'delta',
  path: '/applications/delta',
  select: ['id', 'appId', 'displayName', 'signInAudience', 'createdDateTime'],
  key: 'id',
  anyOf: ['Application.Read.All', 'Directory.Read.All'],
})
