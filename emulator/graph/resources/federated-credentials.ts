import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { updateApplication } from '#emulator/directory/applications.ts'
import type { Application, FederatedCredential } from '#emulator/directory/types.ts'
import { readBody } from '#emulator/graph/body.ts'
import { type Answer, type Call, noContent, param } from '#emulator/graph/call.ts'
import { badRequest, notFound, sameKey } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import { createdEntity } from '#emulator/graph/odata/created.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { ownApplicationIn } from '#emulator/graph/resources/application-writes.ts'
import { applicationIn } from '#emulator/graph/resources/applications.ts'
import { get, patch, post, type Route, remove } from '#emulator/graph/route.ts'

/** @see https://learn.microsoft.com/graph/api/resources/federatedidentitycredential */
const FEDERATED_CREDENTIAL: EntityType<FederatedCredential> = {
  name: 'federatedIdentityCredential',
  properties: {
    id: { read: (credential) => credential.id, shown: true },
    name: { read: (credential) => credential.name, shown: true, filter: 'default' },
    issuer: { read: (credential) => credential.issuer, shown: true, filter: 'default' },
    subject: { read: (credential) => credential.subject, shown: true, filter: 'default' },
    description: { read: (credential) => credential.description, shown: true },
    audiences: { read: (credential) => credential.audiences, shown: true },
  },
}

const MAX_CREDENTIALS = 20
const text = z.string().min(1).max(600)
const changeable = z.object({
  issuer: text.optional(),
  subject: text.optional(),
  description: z.string().max(600).nullable().optional(),
  audiences: z.array(text).length(1).optional(),
})
const created = changeable
  .required({ issuer: true, subject: true, audiences: true })
  .extend({ name: z.string().regex(/^[A-Za-z0-9][\w-]{0,119}$/) })

const contextOf = ({ id }: Application): string => `applications('${id}')/federatedIdentityCredentials`

function credentialIn(call: Call, application: Application): FederatedCredential {
  const wanted = param(call, 'credential').toLowerCase()
  const found = application.federatedCredentials.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted)
  if (!found) throw notFound(param(call, 'credential'))
  return found
}

async function create(call: Call): Promise<Answer> {
  const application = ownApplicationIn(call)
  const { description = null, ...given } = await readBody(call, created, FEDERATED_CREDENTIAL)
  const known = application.federatedCredentials
  if (known.length >= MAX_CREDENTIALS)
    throw badRequest(`An application can have at most ${MAX_CREDENTIALS} federated identity credentials.`)
  if (known.some(({ name }) => name.toLowerCase() === given.name.toLowerCase()))
    throw sameKey(`FederatedIdentityCredential with name ${given.name} already exists.`)
  checkUnique(known, given)
  const credential = { ...given, description, id: randomUUID() }
  save(call, application, [...known, credential])
  return createdEntity(call, {
    type: FEDERATED_CREDENTIAL,
    item: credential,
    context: contextOf(application),
    place: `federatedIdentityCredentials/${credential.id}`,
  })
}

async function update(call: Call): Promise<Answer> {
  const application = ownApplicationIn(call)
  const known = credentialIn(call, application)
  const given = await readBody(call, changeable, FEDERATED_CREDENTIAL)
  const others = application.federatedCredentials.filter(({ id }) => id !== known.id)
  const changed: FederatedCredential = {
    ...known,
    issuer: given.issuer ?? known.issuer,
    subject: given.subject ?? known.subject,
    audiences: given.audiences ?? known.audiences,
    description: given.description === undefined ? known.description : given.description,
  }
  checkUnique(others, changed)
  save(call, application, [...others, changed])
  return noContent()
}

function removeOne(call: Call): Answer {
  const application = ownApplicationIn(call)
  const known = credentialIn(call, application)
  save(
    call,
    application,
    application.federatedCredentials.filter(({ id }) => id !== known.id),
  )
  return noContent()
}

function checkUnique(
  others: readonly FederatedCredential[],
  { issuer, subject }: { issuer: string; subject: string },
): void {
  if (others.some((other) => other.issuer === issuer && other.subject === subject))
    throw sameKey('FederatedIdentityCredential with the same issuer and subject already exists.')
}

const save = ({ world }: Call, { appId }: Application, federatedCredentials: FederatedCredential[]) =>
  updateApplication(world.directory, appId, { federatedCredentials })

const PATH = 'applications/{id}/federatedIdentityCredentials'

export const federatedCredentialRoutes: readonly Route[] = [
  get(PATH, NEEDS.readFederatedCredentials, (call) => {
    const application = applicationIn(call)
    return collection(call, {
      type: FEDERATED_CREDENTIAL,
      items: application.federatedCredentials,
      context: contextOf(application),
    })
  }),
  get(`${PATH}/{credential}`, NEEDS.readFederatedCredentials, (call) => {
    const application = applicationIn(call)
    return entity(call, {
      type: FEDERATED_CREDENTIAL,
      item: credentialIn(call, application),
      context: contextOf(application),
    })
  }),
  post(PATH, NEEDS.writeApplications, create),
  patch(`${PATH}/{credential}`, NEEDS.writeApplications, update),
  remove(`${PATH}/{credential}`, NEEDS.writeApplications, removeOne),
]
