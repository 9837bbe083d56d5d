import { defineApp } from 'tenantry'

export default defineApp({
  name: 'Northwind Insights',
  publisher: 'Northwind Software',
  description: 'Prints who works at your organisation.',
  permissions: [{ value: 'User.Read.All', reason: 'Reads the names that it prints.' }],
})
