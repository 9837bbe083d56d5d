import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { embedded, onPostgres } from '#test/crash/support/databases.ts'
import { TENANT } from '#test/crash/support/estate.ts'
import type { Journey } from '#test/crash/support/journeys.ts'
import { type Grain, inWords, isReady, type Lane, openLane, type Size } from '#test/crash/support/lane.ts'
import type { Moment } from '#test/crash/support/moments.ts'
import { presencesKnown, type Story, storyIn } from '#test/crash/support/story.ts'

/** What came of breaking a journey off at every moment of it. */
export type Outcome = {
  moments: readonly Moment[]
  /** Moments that did not come again, such as a second page that was already there. */
  missed: readonly Moment[]
  /** What went wrong, by moment. */
  faults: readonly { moment: Moment; fault: string }[]
}

/** What a journey leaves behind. */
type End = { story: Story; presence: { id: string; roles: string[] }[]; known: string[] }
type Begin = { database: string; snapshot: string }

/**
 * Lets a journey run undisturbed and writes down every moment at which something outside the process has happened that it
 * has not heard of yet: a write that PostgreSQL has kept, a request that Microsoft has carried out. Then, for each of them:
 * from the beginning to that moment, `kill -9`, a new process, and on to the end, which has to be the same.
 */
export async function breakOffEverywhere(
  journey: Journey,
  {
    size,
    grain,
    database = 'postgres',
    oneOf = 1,
  }: {
    size: Size
    grain: Grain
    /** Of what happens in an embedded one nobody hears: then Microsoft’s moments count alone. */
    database?: 'postgres' | 'embedded'
    /** Of so many moments, one after the other, one is taken. */
    oneOf?: number
  },
): Promise<Outcome> {
  await using open = new AsyncDisposableStack()
  const scope = { after: (close: () => void) => open.defer(close) }
  const databases = database === 'postgres' ? await onPostgres() : await embedded(scope)
  // An embedded database works in the program itself: more of them than processors only wait for each other.
  const count = database === 'postgres' ? availableParallelism() * 2 : oneOf === 1 ? availableParallelism() : 1
  const lanes: { lane: Lane; begin: Begin; undisturbed: End }[] = []
  while (lanes.length < count) {
    const lane = open.use(await openLane({ size, grain, databases }))
    if (lanes.length === 0) await warmUp(journey, lane)
    const begin = await journey.prepare(lane)
    const undisturbed = await run(journey, lane, begin, null)
    assertWhole(undisturbed)
    lanes.push({ lane, begin, undisturbed })
  }
  const moments = (lanes[0]?.lane.moments.seen() ?? []).filter((_, index) => index % oneOf === 0)
  const waiting = [...moments]
  const missed: Moment[] = []
  const faults: { moment: Moment; fault: string }[] = []
  await Promise.all(
    lanes.map(async ({ lane, begin, undisturbed }) => {
      for (let moment = waiting.shift(); moment; moment = waiting.shift()) {
        try {
          const end = await run(journey, lane, begin, moment)
          if (end === 'missed') missed.push(moment)
          else {
            assertWhole(end)
            assert.deepEqual(end.story, undisturbed.story)
          }
        } catch (error) {
          faults.push({
            moment,
            fault: `killed after ${inWords(moment)}: ${error instanceof Error ? error.message : error}`,
          })
        }
      }
    }),
  )
  return { moments, missed, faults }
}

/** What is compiled is kept by a process that ends in order; those that follow are killed. */
async function warmUp({ command }: Journey, lane: Lane): Promise<void> {
  const { databases } = lane
  const database = await databases.copy(databases.empty)
  const program = lane.start(command, database)
  await isReady(program)
  await program.stop()
  await databases.remove(database)
}

/** How often something is kept in the queue depends on the clock a little: one time more or less is no fault. */
export const countsByClock = ({ name }: Moment): boolean => name.includes('pgboss.job')

async function run(journey: Journey, lane: Lane, begin: Begin, moment: null): Promise<End>
async function run(journey: Journey, lane: Lane, begin: Begin, moment: Moment | null): Promise<End | 'missed'>
async function run(
  { command, drive }: Journey,
  lane: Lane,
  { database: beginning, snapshot }: Begin,
  moment: Moment | null,
): Promise<End | 'missed'> {
  lane.emulator.restore(snapshot)
  const { databases } = lane
  const database = await databases.copy(beginning)
  try {
    const reached = Promise.withResolvers<'reached'>()
    const kill = () => {
      void program.kill()
      reached.resolve('reached')
    }
    const watch = () => lane.moments.watch(moment ? { until: moment, stop: kill } : {})
    // A worker's way begins with its start; a site is there before anybody comes.
    if (command === 'work') watch()
    let program = lane.start(command, database)
    if (command === 'dev') {
      await isReady(program)
      watch()
    }
    const driven = drive(lane)
    const undisturbed = driven.then(() => databases.untilAtRest(database)).then(() => 'missed' as const)
    const outcome = await Promise.race([undisturbed, reached.promise])
    if (outcome === 'reached') {
      await program.kill()
      lane.moments.rest()
      await databases.letSilencePass(database)
      program = lane.start(command, database)
      await undisturbed
    }
    lane.moments.rest()
    await program.kill()
    if (moment && outcome === 'missed') return 'missed'
    const kept = await databases.ask(database, async (asked) => ({
      story: await storyIn(asked),
      known: await presencesKnown(asked),
    }))
    return { ...kept, presence: await lane.witness.presence() }
  } finally {
    lane.moments.rest()
    await databases.remove(database)
  }
}

/** One service principal, one assignment for each role, nothing left to do, no letter nobody reads. */
function assertWhole({ story, presence, known }: End): void {
  assert.deepEqual(
    presence.map(({ roles }) => roles),
    [['Group.Read.All', 'Organization.Read.All', 'User.Read.All']],
  )
  assert.deepEqual(
    presence.map(({ id }) => id),
    known,
  )
  assert.ok((story.resources as unknown[]).length > 5, 'what was read is there')
  assert.deepEqual([story.unfinished, story.deadLetters], [[], []])
  assert.deepEqual(
    (story.tenants as { id: string; state: string }[]).map(({ id, state }) => [id, state]),
    [[TENANT, 'active']],
  )
}
