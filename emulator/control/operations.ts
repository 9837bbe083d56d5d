import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  applicationOf,
  OperationError,
  permissionOf,
  presenceOf,
  roleOf,
  tenantOf,
  userOf,
} from '#emulator/control/named.ts'
import { assignAppRole, assignmentsOf, removeAssignment } from '#emulator/directory/app-role-assignments.ts'
import { findApplication, updateApplication } from '#emulator/directory/applications.ts'
import { listDeleted, restoreDeleted } from '#emulator/directory/deleted.ts'
import { LIFECYCLE_EVENTS, playLifecycle } from '#emulator/directory/lifecycle.ts'
import { contentsOf } from '#emulator/directory/open.ts'
import { lockAccount, revokeSessions, updateSecurity } from '#emulator/directory/security.ts'
import {
  deleteApplication,
  ensureServicePrincipal,
  removeServicePrincipal,
  updateServicePrincipal,
} from '#emulator/directory/service-principals.ts'
import { removeTenant } from '#emulator/directory/tenants.ts'
import { removeUser, updateUser } from '#emulator/directory/users.ts'
import { makeAccessPolicy } from '#emulator/estate/access-policy.ts'
import { readCertificate } from '#emulator/estate/certificate.ts'
import { accessPolicy } from '#emulator/estate/schema.ts'
import type { World } from '#emulator/world.ts'

const tenant = z.string().min(1).describe('a tenant id or one of its domains')
const app = z.guid('must be an application (client) id').describe('an application (client) id')
const user = z.string().min(1).describe('an object id or a user principal name')
const permission = z.string().min(1).describe('the value of an app role of Microsoft Graph, as User.Read.All')
const YEARS_MILLISECONDS = 2 * 365 * 24 * 3_600_000

const operation = <Schema extends z.ZodType, Result>(
  schema: Schema,
  run: (world: World, input: z.output<Schema>) => Result,
) => ({ schema, run })

/**
 * What administrators and Microsoft do behind an app's back, by name. The control API takes each as
 * `POST /_emulator/operations/{name}`, `startEmulator()` as `emulator.directory.{name}(…)`.
 */
export const OPERATIONS = {
  /** An administrator removes the app from the tenant: its grants and assignments go with it. */
  deleteServicePrincipal: operation(z.strictObject({ tenant, app }), (world, input) => {
    const present = presenceOf(world, input)
    return removeServicePrincipal(world.directory, present.tenantId, present.id)
  }),
  /** An administrator takes the deletion back, within 30 days: the same object id, and what it held. */
  restoreServicePrincipal: operation(z.strictObject({ tenant, app }), ({ directory }, input) => {
    const { id } = tenantOf({ directory }, input.tenant)
    const last = listDeleted(directory, id).findLast(
      (deleted) => deleted.kind === 'servicePrincipal' && deleted.of.appId === input.app.toLowerCase(),
    )
    return last !== undefined && restoreDeleted(directory, id, last.of.id)
  }),
  /** The app is deleted where it is registered, and its presence there with it; it can be restored for 30 days. */
  deleteApplication: operation(z.strictObject({ app }), (world, input) =>
    deleteApplication(world.directory, applicationOf(world, input.app)),
  ),
  /** An administrator consents to nothing yet, but makes the app present. */
  addServicePrincipal: operation(z.strictObject({ tenant, app }), ({ directory }, input) => {
    const application = findApplication(directory, input.app)
    if (!application) throw new OperationError(`There is no application ${input.app}.`)
    return ensureServicePrincipal(directory, tenantOf({ directory }, input.tenant).id, application.appId)
      .servicePrincipal.id
  }),
  /** Enabled, or disabled as under “Enabled for users to sign-in: No”. */
  setServicePrincipalEnabled: operation(z.strictObject({ tenant, app, enabled: z.boolean() }), (world, input) => {
    const present = presenceOf(world, input)
    updateServicePrincipal(world.directory, present.tenantId, present.id, { accountEnabled: input.enabled })
  }),
  /** Gives the app an application permission of Microsoft Graph. */
  grantPermission: operation(z.strictObject({ tenant, app, permission }), (world, input) => {
    const { client, graph, roleId } = permissionOf(world, input)
    assignAppRole(world.directory, client.tenantId, {
      principalId: client.id,
      principalType: 'ServicePrincipal',
      resourceId: graph.id,
      appRoleId: roleId,
    })
  }),
  /** Takes an application permission of Microsoft Graph away. */
  revokePermission: operation(z.strictObject({ tenant, app, permission }), (world, input) => {
    const { client, graph, roleId } = permissionOf(world, input)
    const held = assignmentsOf(world.directory, client.tenantId, client.id).find(
      (assignment) => assignment.resourceId === graph.id && assignment.appRoleId === roleId,
    )
    return held !== undefined && removeAssignment(world.directory, client.tenantId, held.id)
  }),
  deleteTenant: operation(z.strictObject({ tenant }), (world, input) => {
    removeTenant(world.directory, tenantOf(world, input.tenant).id)
  }),
  /** What users may consent to, and whether they may ask an administrator. */
  setConsentPolicy: operation(
    z.strictObject({
      tenant,
      userConsent: z.enum(['legacy', 'low', 'disabled']).optional(),
      adminConsentWorkflow: z.boolean().optional(),
    }),
    (world, { tenant: segment, userConsent, adminConsentWorkflow }) => {
      const contents = contentsOf(world.directory, tenantOf(world, segment).id)
      contents.tenant = {
        ...contents.tenant,
        ...(userConsent === undefined ? {} : { userConsent }),
        ...(adminConsentWorkflow === undefined ? {} : { adminConsentWorkflow }),
      }
    },
  ),
  /** The tenant’s policies of conditional access from now on; an empty list ends them all. */
  setConditionalAccess: operation(
    z.strictObject({ tenant, policies: z.array(accessPolicy) }),
    ({ directory }, { tenant: segment, policies }) => {
      const contents = contentsOf(directory, tenantOf({ directory }, segment).id)
      const complain = (mistake: string) => {
        throw new OperationError(mistake)
      }
      const conditionalAccess = policies.map((policy) =>
        makeAccessPolicy(directory, contents.tenant.id, policy, complain),
      )
      contents.tenant = { ...contents.tenant, conditionalAccess }
    },
  ),
  /** Ends a user’s sessions and refresh tokens, and what continuous access evaluation can reach. */
  revokeSessions: operation(z.strictObject({ tenant, user }), (world, input) => {
    const found = userOf(world, input)
    revokeSessions(world.directory, found.tenantId, found.id)
  }),
  /** As after ten wrong passwords: for a minute nobody signs in with this account. */
  lockUser: operation(z.strictObject({ tenant, user }), (world, input) => {
    const found = userOf(world, input)
    lockAccount(world.directory, found.tenantId, found.id)
  }),
  /** The password has to be changed at the next sign-in. */
  expirePassword: operation(z.strictObject({ tenant, user }), (world, input) => {
    const found = userOf(world, input)
    updateSecurity(world.directory, found.tenantId, found.id, { passwordExpired: true })
  }),
  /** Whether the user has a second factor, whose code is always 123456, or has to set one up when asked for it. */
  setSecondFactor: operation(z.strictObject({ tenant, user, present: z.boolean() }), (world, input) => {
    const found = userOf(world, input)
    updateSecurity(world.directory, found.tenantId, found.id, { hasSecondFactor: input.present })
  }),
  setUserEnabled: operation(z.strictObject({ tenant, user, enabled: z.boolean() }), (world, input) => {
    const found = userOf(world, input)
    updateUser(world.directory, found.tenantId, found.id, { accountEnabled: input.enabled })
  }),
  /** The directory roles that a user holds from now on, by display name or template id. */
  setDirectoryRoles: operation(z.strictObject({ tenant, user, roles: z.array(z.string()) }), (world, input) => {
    const found = userOf(world, input)
    updateUser(world.directory, found.tenantId, found.id, { directoryRoles: input.roles.map(roleOf) })
  }),
  deleteUser: operation(z.strictObject({ tenant, user }), (world, input) => {
    const found = userOf(world, input)
    return removeUser(world.directory, found.tenantId, found.id)
  }),
  /** A new client secret of an application; the others stay. Answers with the secret. */
  addSecret: operation(
    z.strictObject({
      app,
      value: z.string().min(1).optional(),
      endsAt: z.iso
        .datetime({ offset: true })
        .transform((text) => new Date(text))
        .optional(),
    }),
    (world, { app: appId, value, endsAt }) => {
      const application = applicationOf(world, appId)
      const now = world.clock.now()
      const secret = value ?? randomBytes(30).toString('base64url')
      updateApplication(world.directory, application.appId, {
        passwordCredentials: [
          ...application.passwordCredentials,
          {
            keyId: randomUUID(),
            displayName: null,
            secret,
            startsAt: now,
            endsAt: endsAt ?? new Date(now.getTime() + YEARS_MILLISECONDS),
          },
        ],
      })
      return secret
    },
  ),
  /** Without a value: all of them. */
  removeSecrets: operation(z.strictObject({ app, value: z.string().optional() }), (world, { app: appId, value }) => {
    const application = applicationOf(world, appId)
    updateApplication(world.directory, application.appId, {
      passwordCredentials: application.passwordCredentials.filter(
        ({ secret }) => value !== undefined && secret !== value,
      ),
    })
  }),
  /** A certificate that the application may sign its assertions with, as PEM. */
  addCertificate: operation(z.strictObject({ app, certificate: z.string() }), (world, input) => {
    const application = applicationOf(world, input.app)
    const key = readCertificate(input.certificate, randomUUID())
    if (!key) throw new OperationError('The certificate cannot be read; it must be PEM.')
    updateApplication(world.directory, application.appId, { keyCredentials: [...application.keyCredentials, key] })
    return key.keyId
  }),
  /** Graph tells a subscriber's lifecycleNotificationUrl; what it removes is gone, what it challenges is paused. */
  sendLifecycleEvent: operation(
    z.strictObject({ subscription: z.guid(), event: z.enum(LIFECYCLE_EVENTS) }),
    ({ directory }, { subscription, event }) => {
      if (!playLifecycle(directory, subscription, event))
        throw new OperationError(`There is no subscription ${subscription}.`)
    },
  ),
  /** Microsoft signs with a new key from now on; the old ones stay published. */
  rotateKeys: operation(z.strictObject({}), async ({ keys }) => {
    await keys.ready
    await keys.rotate()
    return keys.current().kid
  }),
} as const

export type Operations = typeof OPERATIONS
export type OperationName = keyof Operations
