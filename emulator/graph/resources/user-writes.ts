import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { revokeSessions, updateSecurity } from '#emulator/directory/security.ts'
import type { Guid, User } from '#emulator/directory/types.ts'
import { addUser, findUser, removeUser, updateUser } from '#emulator/directory/users.ts'
import { readBody } from '#emulator/graph/body.ts'
import { type Answer, type Call, json, noContent, root } from '#emulator/graph/call.ts'
import { badRequest, GraphError } from '#emulator/graph/errors.ts'
import { createdEntity, placeOf } from '#emulator/graph/odata/created.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { USER } from '#emulator/graph/resources/user-type.ts'
import { userToWrite } from '#emulator/graph/resources/users.ts'
import { patch, post, type Route, remove } from '#emulator/graph/route.ts'

const text = z.string().max(256).nullable()
const changeable = z.object({
  accountEnabled: z.boolean().optional(),
  displayName: z.string().min(1).max(256).optional(),
  givenName: text.optional(),
  surname: text.optional(),
  mail: text.optional(),
  jobTitle: text.optional(),
  department: text.optional(),
  officeLocation: text.optional(),
  mobilePhone: text.optional(),
  businessPhones: z.array(z.string()).max(1).optional(),
  preferredLanguage: text.optional(),
  userPrincipalName: z
    .string()
    .regex(/^[^@\s]+@[^@\s]+$/)
    .optional(),
  mailNickname: z.string().optional(),
  passwordProfile: z
    .object({ password: z.string().min(1).optional(), forceChangePasswordNextSignIn: z.boolean().optional() })
    .optional(),
})
const created = changeable.required({
  accountEnabled: true,
  displayName: true,
  mailNickname: true,
  userPrincipalName: true,
  passwordProfile: true,
})

/** @see https://learn.microsoft.com/graph/api/user-post-users */
async function create(call: Call): Promise<Answer> {
  const { passwordProfile, mailNickname: _, ...given } = await readBody(call, created, USER)
  checkName(call, given.userPrincipalName, null)
  checkPassword(passwordProfile.password)
  const user: User = {
    id: randomUUID(),
    tenantId: call.caller.tenantId,
    userPrincipalName: given.userPrincipalName,
    displayName: given.displayName,
    givenName: given.givenName ?? null,
    surname: given.surname ?? null,
    mail: given.mail ?? null,
    jobTitle: given.jobTitle ?? null,
    department: given.department ?? null,
    officeLocation: given.officeLocation ?? null,
    mobilePhone: given.mobilePhone ?? null,
    businessPhones: given.businessPhones ?? [],
    preferredLanguage: given.preferredLanguage ?? null,
    accountEnabled: given.accountEnabled,
    userType: 'Member',
    createdAt: call.world.clock.now(),
    password: passwordProfile.password ?? null,
    directoryRoles: [],
    home: null,
  }
  addUser(call.world.directory, user)
  wantNewPassword(call, user.id, passwordProfile.forceChangePasswordNextSignIn)
  return createdEntity(call, { type: USER, item: user, context: 'users', place: placeOf('User', user.id) })
}

/** @see https://learn.microsoft.com/graph/api/user-update */
async function update(call: Call): Promise<Answer> {
  const user = userToWrite(call)
  const { passwordProfile, mailNickname: _, ...given } = await readBody(call, changeable, USER)
  if (given.userPrincipalName !== undefined) checkName(call, given.userPrincipalName, user.id)
  checkPassword(passwordProfile?.password)
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const password = passwordProfile?.password === undefined ? {} : { password: passwordProfile.password }
  updateUser(call.world.directory, call.caller.tenantId, user.id, { ...changes, ...password })
  wantNewPassword(call, user.id, passwordProfile?.forceChangePasswordNextSignIn)
  return noContent()
}

/** At the next sign-in, where that is said. */
function wantNewPassword({ world, caller }: Call, id: Guid, passwordExpired: boolean | undefined): void {
  if (passwordExpired !== undefined) updateSecurity(world.directory, caller.tenantId, id, { passwordExpired })
}

const CHARACTERS = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/]

/** @see https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy#microsoft-entra-password-policies */
function checkPassword(password: string | undefined): void {
  if (password === undefined) return
  const kinds = CHARACTERS.filter((kind) => kind.test(password)).length
  if (password.length < 8 || password.length > 256 || kinds < 3)
    throw badRequest(
      'The specified password does not comply with password complexity requirements. Please provide a different password.',
    )
}

function removeOne(call: Call): Answer {
  removeUser(call.world.directory, call.caller.tenantId, userToWrite(call).id)
  return noContent()
}

/** A guest's sessions are at home, where nothing of them can be revoked. @see https://learn.microsoft.com/graph/api/user-revokesigninsessions */
function revokeSignInSessions(call: Call): Answer {
  const { tenantId, id, home } = userToWrite(call)
  if (home === null) revokeSessions(call.world.directory, tenantId, id)
  return json({ '@odata.context': `${root(call)}/$metadata#Edm.Boolean`, value: true })
}

function checkName({ world, caller, contents }: Call, name: string, ownId: string | null): void {
  const domain = name.split('@').at(-1)?.toLowerCase()
  if (!contents.tenant.domains.some((verified) => verified.name.toLowerCase() === domain))
    throw badRequest(
      'The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.',
    )
  const other = findUser(world.directory, caller.tenantId, name)
  if (!other || other.id === ownId) return
  const message = 'Another object with the same value for property userPrincipalName already exists.'
  throw new GraphError(400, 'Request_BadRequest', message, {
    details: [{ code: 'ObjectConflict', message, target: 'userPrincipalName' }],
  })
}

export const userWriteRoutes: readonly Route[] = [
  post('users', NEEDS.writeUsers, create),
  patch('users/{id}', NEEDS.writeUsers, update),
  remove('users/{id}', NEEDS.deleteUsers, removeOne),
  post('users/{id}/revokeSignInSessions', NEEDS.revokeSessions, revokeSignInSessions),
  post('me/revokeSignInSessions', NEEDS.revokeMySessions, revokeSignInSessions),
]
