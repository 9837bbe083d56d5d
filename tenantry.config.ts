import { defineApp } from 'tenantry'

/** What customers' administrators read on the landing page. Secrets and addresses come from the environment. */
export default defineApp({
  name: 'Northwind Insights',
  publisher: 'Northwind Software',
  description: 'Keeps your organisation chart and licence reports up to date, every night, by itself.',
  permissions: [
    { value: 'User.Read.All', reason: 'Reads the names, departments and managers that the organisation chart shows.' },
    { value: 'Group.Read.All', reason: 'Reads teams and their members, so that reports can be filtered by team.' },
    { value: 'Organization.Read.All', reason: 'Reads your organisation’s name, for the headings of its reports.' },
  ],
  supportEmail: 'support@northwind.example',
  privacyUrl: 'https://northwind.example/privacy',
  termsUrl: 'https://northwind.example/terms',
  syncEveryMinutes: 60,
})
