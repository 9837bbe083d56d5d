import { defineApp } from 'tenantry'
import openRegistrations from './open-registrations.ts'
import registrations from './registrations.ts'

export default defineApp({
  name: 'Northwind Insights',
  publisher: 'Northwind Software',
  description: 'Tells every morning which of your applications strangers can sign in to.',
  permissions: [
    { value: 'Application.Read.All', reason: 'Reads which applications are registered, and who can sign in to them.' },
    { value: 'Organization.Read.All', reason: 'Reads your organisation’s name, for the heading of the report.' },
  ],
  resources: [registrations],
  // Application.Read.All would let the app read these as well; the report does not need them.
  builtInResources: { servicePrincipal: false, subscribedSku: false },
  jobs: [openRegistrations],
})
