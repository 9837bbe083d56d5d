import type { Migration } from 'kysely/migration'
import { first } from '#store/migrations/0001-first.ts'
import { delta } from '#store/migrations/0002-delta.ts'
import { jobs } from '#store/migrations/0003-jobs.ts'
import { incidents } from '#store/migrations/0004-incidents.ts'
import { rounds } from '#store/migrations/0005-rounds.ts'
import { rests } from '#store/migrations/0006-rests.ts'
import { removals } from '#store/migrations/0007-removals.ts'
import { oneRun } from '#store/migrations/0008-one-run.ts'
import { waits } from '#store/migrations/0009-waits.ts'
import { bucketRests } from '#store/migrations/0010-bucket-rests.ts'
import { exactRoles } from '#store/migrations/0011-exact-roles.ts'
import { authors } from '#store/migrations/0012-authors.ts'
import { refusedSignUps } from '#store/migrations/0013-refused-sign-ups.ts'
import { lots } from '#store/migrations/0014-lots.ts'
import { oldRuns } from '#store/migrations/0015-old-runs.ts'
import { byId } from '#store/migrations/0016-by-id.ts'
import { hosts } from '#store/migrations/0017-hosts.ts'
import { trails } from '#store/migrations/0018-trails.ts'
import { withoutRefusals } from '#store/migrations/0019-without-refusals.ts'
import { latestEnds } from '#store/migrations/0020-latest-ends.ts'
import { ownResources } from '#store/migrations/0021-own-resources.ts'

/** In order of their names. A released migration is never edited. */
export const MIGRATIONS: Record<string, Migration> = {
  '0001-first': first,
  '0002-delta': delta,
  '0003-jobs': jobs,
  '0004-incidents': incidents,
  '0005-rounds': rounds,
  '0006-rests': rests,
  '0007-removals': removals,
  '0008-one-run': oneRun,
  '0009-waits': waits,
  '0010-bucket-rests': bucketRests,
  '0011-exact-roles': exactRoles,
  '0012-authors': authors,
  '0013-refused-sign-ups': refusedSignUps,
  '0014-lots': lots,
  '0015-old-runs': oldRuns,
  '0016-by-id': byId,
  '0017-hosts': hosts,
  '0018-trails': trails,
  '0019-without-refusals': withoutRefusals,
  '0020-latest-ends': latestEnds,
  '0021-own-resources': ownResources,
}
