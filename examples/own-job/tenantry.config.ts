import { defineApp } from 'tenantry'
import headcount from './headcount.ts'

export default defineApp({
  name: 'Northwind Insights',
  publisher: 'Northwind Software',
  description: 'Tells every morning how your departments have grown.',
  permissions: [
    { value: 'User.Read.All', reason: 'Reads the departments of people, to count them.' },
    { value: 'Organization.Read.All', reason: 'Reads your organisation’s name, for the heading of the report.' },
  ],
  jobs: [headcount],
})
