import type { Clock } from '#base/clock.ts'
import { patiently } from '#flows/grants/patiently.ts'
import { OPERATOR_ROLE } from '#flows/operators/operator-sign-in.ts'
import { makeRegistration } from '#flows/registration/make-registration.ts'
import {
  allOf,
  assertOffered,
  operatorRoleOf,
  type RegistrationWish,
  undeclaredIn,
  uniqueNameOf,
  wantedOf,
  widenedRole,
} from '#flows/registration/plan-registration.ts'
import { signUpRedirectUri } from '#flows/sign-up/begin-sign-up.ts'
import { assignAppRole, isAssignedTo } from '#graph/app-role-assignments.ts'
import { addSecret } from '#graph/applications.ts'
import { readMe } from '#graph/me.ts'
import type { Graph } from '#graph/open.ts'
import { readOrganization } from '#graph/organization.ts'
import {
  type AppRegistration,
  changeRegistration,
  createServicePrincipal,
  findRegistrationOf,
  findRegistrationsNamed,
  type RegistrationChange,
  readOfferedPermissions,
} from '#graph/registration.ts'
import { findServicePrincipal } from '#graph/service-principals.ts'
import type { ClientId, ObjectId, TenantId } from '#model/ids.ts'
import { diagnose, Problem } from '#model/problem.ts'

/** What was done, in the order in which it was done. */
export type Done = { what: string; outcome: 'created' | 'changed' | 'already-there' | 'refused' }
export type Registered = {
  clientId: ClientId
  tenantId: TenantId
  tenantName: string
  done: readonly Done[]
  /** What the registration asks for besides, although the app does not declare it. */
  undeclared: readonly string[]
}

const DAY = 86_400_000
const SECRET_DAYS = 180
const PATIENCE_MINUTES = 3

type Hands = { graph: Graph; clock: Clock; signal: AbortSignal }

/** What the administrator consents to at the terminal, no more than is needed. @see https://learn.microsoft.com/graph/api/application-post-applications */
export const registerScopes = ({ operator }: Pick<RegistrationWish, 'operator'>): readonly string[] => [
  'User.Read',
  'Application.ReadWrite.All',
  ...(operator ? ['AppRoleAssignment.ReadWrite.All'] : []),
]

/**
 * Brings the app registration in the ISV's home tenant to what the configuration declares, and makes it where there is
 * none. Nothing that is there is taken away, and doing it again changes nothing.
 * @param hands with Graph in the home tenant, on behalf of an administrator
 * @throws Problem PERMISSION_UNKNOWN, PERMISSION_MISSING, REGISTRATION_UNCLEAR, SECRET_IN_DOUBT and whatever Graph answers
 */
export async function registerApp(hands: Hands, wish: RegistrationWish): Promise<Registered> {
  const { graph, clock, signal } = hands
  const done: Done[] = []
  const patience = { minutes: PATIENCE_MINUTES, signal }
  const [tenant, offered, found] = await Promise.all([
    readOrganization(graph),
    readOfferedPermissions(graph),
    findOurs(graph, wish),
  ])
  assertOffered(wish.app, offered)
  const { registration, isNew } = found
    ? { registration: found, isNew: false }
    : await makeRegistration(hands, wish).catch(mayNotRegister)
  const wanted = wantedOf(wish, offered, registration)
  for (const [what, change] of Object.entries(wanted))
    done.push({ what, outcome: isNew ? 'created' : change ? 'changed' : 'already-there' })
  const changes = allOf(wanted)
  if (Object.keys(changes).length > 0) {
    const change = () => changeRegistration(graph, registration.id, changes)
    await (found ? change() : patiently(clock, { ...patience, what: 'the app registration' }, change)).catch(
      mayNotRegister,
    )
  }

  const widened = widenedRole(registration)
  if (widened !== undefined)
    done.push({ what: `app role ${OPERATOR_ROLE} for people and programs`, outcome: await widenRole(widened) })

  const servicePrincipal = await ensureServicePrincipal()
  if (wish.operator) done.push(await makeOperator())
  const { keepSecret } = wish
  if (keepSecret) {
    const expiresAt = new Date(clock.now().getTime() + SECRET_DAYS * DAY)
    const name = `Tenantry ${clock.now().toISOString().slice(0, 10)}`
    const added = await patiently(clock, { ...patience, what: 'the app registration' }, () =>
      addSecret(graph, { applicationId: registration.id, name, expiresAt }),
    )
    await keepSecret(added)
    done.push({ what: `client secret, good until ${added.expiresAt.toISOString().slice(0, 10)}`, outcome: 'created' })
  }
  return {
    clientId: registration.appId,
    tenantId: tenant.id,
    tenantName: tenant.displayName,
    done,
    undeclared: undeclaredIn(registration, wish.app, offered),
  }

  async function widenRole(change: RegistrationChange | null): Promise<Done['outcome']> {
    if (!change) return 'already-there'
    try {
      await changeRegistration(graph, registration.id, change)
      return 'changed'
    } catch (error) {
      // Disabling it for that would shut the operators out, and for good if we ended in between.
      if (diagnose(error).code === 'GRAPH_REFUSED') return 'refused'
      return mayNotRegister(error)
    }
  }

  async function ensureServicePrincipal(): Promise<ObjectId> {
    const what = 'enterprise application in the home tenant'
    const there = await findServicePrincipal(graph, registration.appId)
    if (there) {
      done.push({ what, outcome: 'already-there' })
      return there.id
    }
    const id = await patiently(clock, { ...patience, what: 'the app registration' }, async () => {
      try {
        return await createServicePrincipal(graph, registration.appId)
      } catch (error) {
        // Somebody else, or our own request whose answer was lost, has been faster.
        const other =
          diagnose(error).code === 'GRAPH_REFUSED' && (await findServicePrincipal(graph, registration.appId))
        if (other) return other.id
        throw error
      }
    })
    done.push({ what, outcome: 'created' })
    return id
  }

  async function makeOperator(): Promise<Done> {
    const me = await readMe(graph)
    const what = `operator: ${me.username || me.objectId}`
    const assignment = {
      principalId: me.objectId,
      resourceId: servicePrincipal,
      appRoleId: operatorRoleOf(wanted, registration),
    }
    const outcome = await patiently<Done['outcome']>(clock, { ...patience, what: 'the operator role' }, async () => {
      if (await isAssignedTo(graph, assignment)) return 'already-there'
      await assignAppRole(graph, assignment)
      return 'created'
    })
    return { what, outcome }
  }
}

/** By its id where the configuration names one; else the one of this name that leads people back to us. @throws Problem */
async function findOurs(graph: Graph, wish: RegistrationWish): Promise<AppRegistration | null> {
  const { clientId, app } = wish
  if (clientId) {
    const found = await findRegistrationOf(graph, clientId)
    if (found) return found
    throw unclear(
      `This tenant has no app registration with the client id ${clientId}.`,
      'Sign in to the tenant in which the app is registered, or take TENANTRY_CLIENT_ID away to register a new one.',
    )
  }
  const named = await findRegistrationsNamed(graph, app.name)
  const [ours, ...more] = named.filter((one) => isOurs(one, wish))
  if (ours && more.length === 0) return ours
  if (named.length === 0) return null
  throw unclear(
    `There ${named.length === 1 ? 'is an app registration' : `are ${named.length} app registrations`} named “${app.name}” already (${named.map(({ appId }) => appId).join(', ')}).`,
    'Set TENANTRY_CLIENT_ID to the one that is meant, or choose another name in tenantry.config.ts.',
  )
}

const isOurs = ({ web, uniqueName }: AppRegistration, wish: RegistrationWish): boolean =>
  uniqueName?.startsWith(uniqueNameOf(wish)) || (web?.redirectUris.includes(signUpRedirectUri(wish.publicUrl)) ?? false)

const unclear = (message: string, nextStep: string) =>
  new Problem({
    code: 'REGISTRATION_UNCLEAR',
    owner: 'operator',
    message,
    nextStep,
    retry: 'never',
    confidence: 'certain',
  })

function mayNotRegister(error: unknown): never {
  if (diagnose(error).code !== 'PERMISSION_MISSING') throw error
  throw new Problem(
    {
      code: 'PERMISSION_MISSING',
      owner: 'operator',
      message: 'Your directory role in the home tenant does not allow registering or changing this application.',
      nextStep: 'Let an Application Administrator or a Cloud Application Administrator of your home tenant run it.',
      retry: 'never',
      confidence: 'certain',
    },
    { cause: error },
  )
}
