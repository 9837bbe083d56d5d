import { defineJob } from 'tenantry'

/** Every morning, in every tenant: which of its registered applications people of other organisations can sign in to. */
export default defineJob({
  name: 'open-registrations',
  schedule: '0 5 * * *',
  permissions: ['Application.Read.All'],
  async run({ db, progress, log }) {
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
