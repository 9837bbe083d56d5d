import { systemClock } from '#base/clock.ts'
import { diagnose } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { migrate } from '#store/database/migrate.ts'
import { asFleet, openStore } from '#store/database/open.ts'
import { silentLog } from '#test/support/backends.ts'

/**
 * A process that owns an embedded database, to be killed. Arguments: the folder, and `hold` (open it and stay) or `write`
 * (commit one audit line after the other for ever). It says `open`, `refused CODE` or, after each commit, the line's number.
 */
const [dataDir = '', task = 'hold'] = process.argv.slice(2)
try {
  const store = await openStore({ databaseUrl: null, dataDir, clock: systemClock, log: silentLog })
  await migrate(store)
  console.log('open')
  for (let number = 1; task === 'write'; number += 1) {
    await asFleet(store, (sql) =>
      addAudit(sql, { tenantId: null, actor: 'daemon', action: 'wrote', detail: { number } }),
    )
    console.log(number)
  }
  setInterval(() => {}, 60_000)
} catch (error) {
  console.log('refused', diagnose(error).code, diagnose(error).message)
}
