import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { everyItem } from '#graph/pages.ts'
import { clientId, objectId, readAs } from '#graph/read-as.ts'
import { request } from '#graph/request.ts'
import { type ClientId, MICROSOFT_GRAPH, type ObjectId } from '#model/ids.ts'

const text = z.string().nullish()
/** Kept as they came, so that what is not ours goes back unchanged. */
const role = z.looseObject({ id: z.string(), value: text, allowedMemberTypes: z.array(z.string()).optional() })
const key = z.looseObject({ keyId: text, customKeyIdentifier: text })
const access = z.object({
  resourceAppId: z.string(),
  resourceAccess: z.array(z.object({ id: z.string(), type: z.string() })),
})
const registration = z.looseObject({
  id: objectId,
  appId: clientId,
  displayName: z.string(),
  uniqueName: text,
  signInAudience: text,
  groupMembershipClaims: text,
  web: z.looseObject({ redirectUris: z.array(z.string()).default([]) }).nullish(),
  info: z.looseObject({ privacyStatementUrl: text, termsOfServiceUrl: text }).nullish(),
  api: z.looseObject({ requestedAccessTokenVersion: z.number().nullish() }).nullish(),
  appRoles: z.array(role).default([]),
  requiredResourceAccess: z.array(access).default([]),
  keyCredentials: z.array(key).default([]),
})
const registrations = z.object({ value: z.array(registration) })

/** The app registration as far as Tenantry has an opinion about it. */
export type AppRegistration = z.output<typeof registration>
/** As Graph wants it written. @see https://learn.microsoft.com/graph/api/resources/application */
export type RegistrationChange = Readonly<Record<string, unknown>>

const PROPERTIES =
  'id,appId,displayName,uniqueName,signInAudience,groupMembershipClaims,web,info,api,appRoles,requiredResourceAccess,keyCredentials'

const registrationsWhere = async (graph: Graph, filter: string): Promise<AppRegistration[]> =>
  readAs(
    registrations,
    await request(graph, { path: `/applications?$filter=${encodeURIComponent(filter)}&$select=${PROPERTIES}` }),
  ).value

/** The registration of this client id in the tenant; null when it has none. @see https://learn.microsoft.com/graph/api/application-list */
export const findRegistrationOf = async (graph: Graph, appId: ClientId): Promise<AppRegistration | null> =>
  (await registrationsWhere(graph, `appId eq '${appId}'`))[0] ?? null

/** Names are not unique. */
export const findRegistrationsNamed = (graph: Graph, name: string): Promise<AppRegistration[]> =>
  registrationsWhere(graph, `displayName eq '${name.replaceAll("'", "''")}'`)

const byUniqueName = (uniqueName: string) => `/applications(uniqueName='${uniqueName.replaceAll("'", "''")}')`

/**
 * Makes the registration of this unique name: one, however many do so at once, and however often it is asked for. What is
 * given is written over one that is there.
 * @returns null when it was there
 * @see https://learn.microsoft.com/graph/api/application-upsert
 */
export async function ensureRegistration(
  graph: Graph,
  { uniqueName, ...body }: RegistrationChange & { uniqueName: string; displayName: string },
): Promise<AppRegistration | null> {
  const headers = { prefer: 'create-if-missing' }
  const made = await request(graph, { method: 'PATCH', path: byUniqueName(uniqueName), body, headers })
  return made === null ? null : readAs(registration, made)
}

/** @throws Problem NOT_FOUND @see https://learn.microsoft.com/graph/api/application-get */
export const readRegistration = async (graph: Graph, uniqueName: string): Promise<AppRegistration> =>
  readAs(registration, await request(graph, { path: `${byUniqueName(uniqueName)}?$select=${PROPERTIES}` }))

const deleted = z.looseObject({ uniqueName: text })

/** An application that was deleted keeps its unique name as long as it can be restored. @see https://learn.microsoft.com/graph/api/directory-deleteditems-list */
export const listDeletedNames = async (graph: Graph): Promise<string[]> => {
  const path = '/directory/deletedItems/microsoft.graph.application?$select=id,uniqueName'
  return (await everyItem(graph, { path, parse: (json) => readAs(deleted, json) })).flatMap(
    ({ uniqueName }) => uniqueName ?? [],
  )
}

/** @see https://learn.microsoft.com/graph/api/application-update */
export async function changeRegistration(graph: Graph, id: ObjectId, body: RegistrationChange): Promise<void> {
  await request(graph, { method: 'PATCH', path: `/applications/${id}`, body })
}

const created = z.looseObject({ id: objectId })

/** The app’s presence in the tenant that the token is for. @see https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals */
export const createServicePrincipal = async (graph: Graph, appId: ClientId): Promise<ObjectId> =>
  readAs(created, await request(graph, { method: 'POST', path: '/servicePrincipals', body: { appId } })).id

const named = z.looseObject({ id: z.string(), value: text, isEnabled: z.boolean().default(true) })
const offers = z.object({
  value: z.array(
    z.looseObject({ appRoles: z.array(named).default([]), oauth2PermissionScopes: z.array(named).default([]) }),
  ),
})
export type OfferedPermissions = { applications: ReadonlyMap<string, string>; delegated: ReadonlyMap<string, string> }

/** What Microsoft Graph offers in this cloud, ids by name. */
export async function readOfferedPermissions(graph: Graph): Promise<OfferedPermissions> {
  const filter = encodeURIComponent(`appId eq '${MICROSOFT_GRAPH}'`)
  const { value } = readAs(
    offers,
    await request(graph, { path: `/servicePrincipals?$filter=${filter}&$select=id,appRoles,oauth2PermissionScopes` }),
  )
  const byName = (all: z.output<typeof named>[] = []) =>
    new Map(all.flatMap(({ id, value: name, isEnabled }) => (isEnabled && name ? [[name, id] as const] : [])))
  return { applications: byName(value[0]?.appRoles), delegated: byName(value[0]?.oauth2PermissionScopes) }
}
