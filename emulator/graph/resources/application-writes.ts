import { randomUUID } from 'node:crypto'
import { addApplication, takesPersonalAccounts, updateApplication } from '#emulator/directory/applications.ts'
import { deleteApplication } from '#emulator/directory/service-principals.ts'
import { defaultDomain } from '#emulator/directory/tenants.ts'
import type { Application } from '#emulator/directory/types.ts'
import { readBody } from '#emulator/graph/body.ts'
import { type Answer, type Call, noContent, param } from '#emulator/graph/call.ts'
import { createdEntity, placeOf } from '#emulator/graph/odata/created.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { checkPermission, NEEDS } from '#emulator/graph/permissions.ts'
import { changesOf } from '#emulator/graph/resources/application-changes.ts'
import {
  type ApplicationChanges,
  changeable,
  created,
  type NewApplication,
} from '#emulator/graph/resources/application-schema.ts'
import { APPLICATION } from '#emulator/graph/resources/application-type.ts'
import {
  applicationIn,
  becomesPersonal,
  DEFAULT_AUDIENCE,
  isPersonal,
  knownIn,
} from '#emulator/graph/resources/applications.ts'
import { checkOwner, ownNew } from '#emulator/graph/resources/owned.ts'
import { patch, post, type Route, remove } from '#emulator/graph/route.ts'

const create = async (call: Call): Promise<Answer> => add(call, await readBody(call, created, APPLICATION))

function add(call: Call, given: NewApplication): Answer {
  const { contents, world, caller } = call
  const blank: Application = {
    id: randomUUID(),
    appId: randomUUID(),
    tenantId: caller.tenantId,
    displayName: given.displayName,
    uniqueName: null,
    createdAt: world.clock.now(),
    signInAudience: DEFAULT_AUDIENCE,
    identifierUris: [],
    redirectUris: { web: [], spa: [], publicClient: [] },
    logoutUrl: null,
    implicitIdTokens: false,
    implicitAccessTokens: false,
    isFallbackPublicClient: false,
    groupMembershipClaims: null,
    requestedAccessTokenVersion: takesPersonalAccounts(given.signInAudience ?? DEFAULT_AUDIENCE) ? 2 : null,
    appRoles: [],
    delegatedPermissions: [],
    requiredResourceAccess: [],
    passwordCredentials: [],
    keyCredentials: [],
    federatedCredentials: [],
    verifiedPublisher: null,
    publisherDomain: defaultDomain(contents.tenant),
    info: { privacyStatementUrl: null, termsOfServiceUrl: null, supportUrl: null, marketingUrl: null, logoUrl: null },
    optionalClaims: null,
  }
  const application = { ...blank, ...changesOf(call, blank, given) }
  addApplication(world.directory, application)
  ownNew(call, application)
  return createdEntity(call, {
    type: APPLICATION,
    item: application,
    context: 'applications',
    place: placeOf('Application', application.id),
  })
}

/**
 * With the unique name that whoever asks has thought of: makes what is not there, where that is preferred.
 * @see https://learn.microsoft.com/graph/api/application-upsert
 */
async function upsert(call: Call): Promise<Answer> {
  const uniqueName = keyOf(param(call, 'id'), 'uniqueName')
  const isPreferred = /(^|[,;\s])create-if-missing/i.test(call.header('prefer') ?? '')
  if (uniqueName === null || !isPreferred) return update(call)
  const given = await readBody(call, created, APPLICATION)
  const known = knownIn(call)
  if (known && !call.world.lag.hidesApplication(known)) return change(call, given)
  checkPermission(call.caller, NEEDS.createApplications)
  return add(call, { ...given, uniqueName })
}

const update = async (call: Call): Promise<Answer> => change(call, await readBody(call, changeable, APPLICATION))

function change(call: Call, given: ApplicationChanges): Answer {
  const application = ownApplicationIn(call)
  const changes = changesOf(call, application, given)
  updateApplication(call.world.directory, application.appId, changes)
  return noContent()
}

function removeOne(call: Call): Answer {
  deleteApplication(call.world.directory, ownApplicationIn(call))
  return noContent()
}

/** @throws GraphError 403 when the caller may change only what it owns, and this is not */
export function ownApplicationIn(call: Call): Application {
  const application = applicationIn(call)
  checkOwner(call, application)
  return application
}

export const applicationWriteRoutes: readonly Route[] = [
  post('applications', NEEDS.createApplications, create, { isPersonalApplication: becomesPersonal }),
  patch('applications/{id}', NEEDS.writeApplications, upsert, {
    isPersonalApplication: (call) => (knownIn(call) ? isPersonal(call) : becomesPersonal(call)),
  }),
  remove('applications/{id}', NEEDS.writeApplications, removeOne, { isPersonalApplication: isPersonal }),
]
