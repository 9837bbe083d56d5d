import type { Clock } from '#base/clock.ts'
import { patiently } from '#flows/grants/patiently.ts'
import { bareRegistration, type RegistrationWish, uniqueNameOf } from '#flows/registration/plan-registration.ts'
import type { Graph } from '#graph/open.ts'
import { type AppRegistration, ensureRegistration, listDeletedNames, readRegistration } from '#graph/registration.ts'
import { diagnose } from '#model/problem.ts'

/** What was made at the same moment, seen by another replica, shows itself within so long. */
const PATIENCE_MINUTES = 0.5

/**
 * One, though two of us do so at the same moment, or an answer gets lost on the way: whoever comes second, or again, finds
 * what is there.
 */
export async function makeRegistration(
  { graph, clock, signal }: { graph: Graph; clock: Clock; signal: AbortSignal },
  wish: RegistrationWish,
): Promise<{ registration: AppRegistration; isNew: boolean }> {
  const uniqueName = uniqueNameOf(wish, await deletedNames(graph))
  let refused: unknown = null
  try {
    const made = await ensureRegistration(graph, { uniqueName, ...bareRegistration(wish) })
    if (made) return { registration: made, isNew: true }
  } catch (error) {
    // So answers a replica, too, that knows the name is taken and has not heard of what took it.
    if (diagnose(error).code !== 'GRAPH_REFUSED') throw error
    refused = error
  }
  const patience = { minutes: PATIENCE_MINUTES, what: 'the app registration', signal }
  const registration = await patiently(clock, patience, () => readRegistration(graph, uniqueName)).catch((error) => {
    throw refused ?? error
  })
  return { registration, isNew: false }
}

/** Who may not see them may register all the same. */
const deletedNames = (graph: Graph): Promise<string[]> =>
  listDeletedNames(graph).catch((error) => {
    if (diagnose(error).code === 'PERMISSION_MISSING') return []
    throw error
  })
