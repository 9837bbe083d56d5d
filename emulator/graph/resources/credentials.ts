import { createPublicKey, randomBytes, randomUUID, X509Certificate } from 'node:crypto'
import { compactVerify, decodeJwt } from 'jose'
import { z } from 'zod'
import { updateApplication } from '#emulator/directory/applications.ts'
import type { Application } from '#emulator/directory/types.ts'
import { type Answer, type Call, json, noContent, root } from '#emulator/graph/call.ts'
import { badRequest, GraphError } from '#emulator/graph/errors.ts'
import { checkPermission, NEEDS } from '#emulator/graph/permissions.ts'
import { keyJson, passwordJson } from '#emulator/graph/resources/application-type.ts'
import { ownApplicationIn } from '#emulator/graph/resources/application-writes.ts'
import { applicationIn } from '#emulator/graph/resources/applications.ts'
import { keyCredentialSchema, readKey } from '#emulator/graph/resources/key-credential.ts'
import { checkOwner } from '#emulator/graph/resources/owned.ts'
import { post, type Route } from '#emulator/graph/route.ts'

const DEFAULT_YEARS = 2
const PROOF_AUDIENCE = '00000002-0000-0000-c000-000000000000'
const PROOF_SECONDS = 600

const passwordBody = z.object({
  passwordCredential: z
    .object({
      displayName: z.string().max(256).nullish(),
      startDateTime: z.string().nullish(),
      endDateTime: z.string().nullish(),
    })
    .nullish(),
})
const keyIdBody = z.object({ keyId: z.string().min(1) })
const addKeyBody = z.object({ keyCredential: keyCredentialSchema, proof: z.string() })
const removeKeyBody = z.object({ keyId: z.string().min(1), proof: z.string() })

/** The secret is in this answer and nowhere else. @see https://learn.microsoft.com/graph/api/application-addpassword */
async function addPassword(call: Call): Promise<Answer> {
  const application = ownApplicationIn(call)
  const { passwordCredential } = await read(call, passwordBody)
  const startsAt = dateOr(passwordCredential?.startDateTime, call.world.clock.now())
  const standard = new Date(startsAt)
  standard.setUTCFullYear(standard.getUTCFullYear() + DEFAULT_YEARS)
  const credential = {
    keyId: randomUUID(),
    displayName: passwordCredential?.displayName ?? null,
    secret: `${randomBytes(2).toString('hex').slice(0, 3)}8Q~${randomBytes(26).toString('base64url').slice(0, 34)}`,
    startsAt,
    endsAt: dateOr(passwordCredential?.endDateTime, standard),
  }
  updateApplication(call.world.directory, application.appId, {
    passwordCredentials: [...application.passwordCredentials, credential],
  })
  return json({
    '@odata.context': `${root(call)}/$metadata#microsoft.graph.passwordCredential`,
    ...passwordJson(credential),
    secretText: credential.secret,
  })
}

async function removePassword(call: Call): Promise<Answer> {
  const application = ownApplicationIn(call)
  const { keyId } = await read(call, keyIdBody)
  const left = application.passwordCredentials.filter((credential) => credential.keyId !== keyId.toLowerCase())
  if (left.length === application.passwordCredentials.length) throw noCredential(keyId)
  updateApplication(call.world.directory, application.appId, { passwordCredentials: left })
  return noContent()
}

/** An application may roll its own key, proving that it holds one. @see https://learn.microsoft.com/graph/api/application-addkey */
async function addKey(call: Call): Promise<Answer> {
  const application = rollingApplicationIn(call)
  const { keyCredential, proof } = await read(call, addKeyBody)
  await checkProof(call, application, proof)
  const credential = readKey(keyCredential)
  updateApplication(call.world.directory, application.appId, {
    keyCredentials: [...application.keyCredentials, credential],
  })
  return json({ '@odata.context': `${root(call)}/$metadata#microsoft.graph.keyCredential`, ...keyJson(credential) })
}

/** An application may roll its own keys without any permission. @throws GraphError 403 for another's */
function rollingApplicationIn(call: Call): Application {
  const application = applicationIn(call)
  if (call.caller.user !== null || application.appId !== call.caller.application.appId) {
    checkPermission(call.caller, NEEDS.writeApplications)
    checkOwner(call, application)
  }
  return application
}

async function removeKey(call: Call): Promise<Answer> {
  const application = rollingApplicationIn(call)
  const { keyId, proof } = await read(call, removeKeyBody)
  await checkProof(call, application, proof)
  const left = application.keyCredentials.filter((credential) => credential.keyId !== keyId)
  if (left.length === application.keyCredentials.length) throw noCredential(keyId)
  updateApplication(call.world.directory, application.appId, { keyCredentials: left })
  return noContent()
}

/** A JWT of at most ten minutes, signed with a key that the application has, `iss` its object id. */
async function checkProof({ world }: Call, application: Application, proof: string): Promise<void> {
  const now = world.clock.now()
  const seconds = world.clock.seconds()
  try {
    const { iss, aud, nbf = seconds, exp = 0 } = decodeJwt(proof)
    const isTimely = nbf <= seconds + 60 && exp > seconds && exp - nbf <= PROOF_SECONDS
    if (iss !== application.id || aud !== PROOF_AUDIENCE || !isTimely) throw badProof()
  } catch {
    throw badProof()
  }
  for (const { certificate, startsAt, endsAt } of application.keyCredentials) {
    if (startsAt > now || endsAt <= now) continue
    const key = createPublicKey(
      new X509Certificate(Buffer.from(certificate, 'base64')).publicKey.export({ type: 'spki', format: 'pem' }),
    )
    const isSigned = await compactVerify(proof, key).then(
      () => true,
      () => false,
    )
    if (isSigned) return
  }
  throw badProof()
}

const badProof = () => new GraphError(401, 'Authentication_MissingOrMalformed', 'Access Token missing or malformed.')

const noCredential = (keyId: string) => badRequest(`No password credential found with keyId ${keyId}.`)

async function read<Schema extends z.ZodType>(call: Call, schema: Schema): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await call.body())
  if (!parsed.success)
    throw badRequest(`Invalid value specified for property '${parsed.error.issues[0]?.path.join('/') ?? ''}'.`)
  return parsed.data
}

function dateOr(text: string | null | undefined, otherwise: Date): Date {
  if (!text) return otherwise
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw badRequest('Cannot convert a value to type Edm.DateTimeOffset.')
  return date
}

export const credentialRoutes: readonly Route[] = [
  post('applications/{id}/addPassword', NEEDS.writeApplications, addPassword),
  post('applications/{id}/removePassword', NEEDS.writeApplications, removePassword),
  post('applications/{id}/addKey', NEEDS.rollKeys, addKey),
  post('applications/{id}/removeKey', NEEDS.rollKeys, removeKey),
]
