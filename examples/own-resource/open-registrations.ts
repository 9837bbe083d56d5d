import { defineJob } from 'tenantry'

/** Every morning, in every tenant: which of its registered applications people of other organisations can sign in to. */
export default defineJob({
  name: 'open-registrations',
  schedule: '0 5 * * *',
  permissions: ['Application.Read.All'],
  async run({ db, progress, log }) {
    // In a tenant that has just signed up the first reading may be under way.
    if ((await db.readAt('application')) === null) return progress('The registrations have not all been read yet.')
    let all = 0
    const open: string[] = []
    // What the directory sync has stored: reading it costs nothing of Graph’s budget.
    for await (const { id, properties } of db.resources('application')) {
      all += 1
      if (properties.signInAudience !== 'AzureADMyOrg') open.push(id)
    }
    log.info({ open }, 'open to other organisations')
    await progress(`${open.length} of ${all} registrations are open to other organisations`)
  },
})
