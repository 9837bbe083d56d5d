import { defineJob, Problem } from 'tenantry'

type Counts = Record<string, number>

/** Every morning, in every tenant: which departments have grown or shrunk since the last time. */
export default defineJob({
  name: 'headcount',
  schedule: '0 5 * * 1-5',
  permissions: ['User.Read.All', 'Organization.Read.All'],
  async run({ graph, db, checkpoint, progress, log }) {
    if ((await db.readAt('user')) === null) throw notReadYet()
    const { value } = await graph.api('/organization').select('displayName').get()
    const counts: Counts = {}
    // What the directory sync has stored: reading it costs nothing of Graph’s budget.
    for await (const { properties } of db.resources('user')) {
      const name = typeof properties.department === 'string' ? properties.department : 'None'
      counts[name] = (counts[name] ?? 0) + 1
    }
    const before = await checkpoint.load<Counts>()
    const departments = new Set([...Object.keys(before ?? {}), ...Object.keys(counts)])
    const changed = [...departments].filter((name) => before?.[name] !== counts[name])
    if (before) for (const name of changed) log.info({ name, was: before[name] ?? 0, is: counts[name] ?? 0 }, 'changed')
    await checkpoint.save(counts)
    await progress(
      `${value[0].displayName}: ${departments.size} departments, ${before ? changed.length : 'none'} changed`,
    )
  },
})

/** A tenant that has just signed up: half of its people would be a wrong count, which tomorrow’s is compared with. */
const notReadYet = () =>
  new Problem({
    code: 'JOB_FAILED',
    owner: 'nobody',
    message: 'The people of this tenant have not all been read yet.',
    nextStep: 'Nothing: it is tried again by itself.',
    retry: 'backoff',
    confidence: 'certain',
  })
