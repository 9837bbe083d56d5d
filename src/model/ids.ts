/**
 * The identifiers that look alike. All are GUIDs in lower case; each has a type of its own, so that an application
 * (client) id can never be passed where an object id is wanted.
 */
type Branded<Name extends string> = string & { readonly __is: Name }

/** A directory: `tid` in tokens, `id` of Graph's organization. */
export type TenantId = Branded<'TenantId'>
/** An application's client id: `appId` in Graph, `aud` or `appid` in tokens. The same in every tenant. */
export type ClientId = Branded<'ClientId'>
/** The id of one object in one tenant: a service principal, a user, a group. */
export type ObjectId = Branded<'ObjectId'>
/** The id of an app role as its resource declares it. */
export type AppRoleId = Branded<'AppRoleId'>
/** One administrator's way through the landing page. */
export type SignUpId = Branded<'SignUpId'>
/** One attempt to do a job for a tenant. */
export type RunId = Branded<'RunId'>
/** One full reading of one kind of object; it may span several runs. */
export type GenerationId = Branded<'GenerationId'>

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const parser =
  <Id extends string>() =>
  (text: unknown): Id | null =>
    typeof text === 'string' && GUID.test(text) ? (text.toLowerCase() as Id) : null

/** Each gives null for whatever is not a GUID. */
export const parseTenantId = parser<TenantId>()
export const parseClientId = parser<ClientId>()
export const parseObjectId = parser<ObjectId>()
export const parseAppRoleId = parser<AppRoleId>()
export const parseSignUpId = parser<SignUpId>()

/** The one tenant of all personal Microsoft accounts; it can never be a customer. @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
export const PERSONAL_ACCOUNTS = '9188040d-6c67-4c5b-b112-36a304b66dad' as TenantId
/** Microsoft Graph's client id, the same in every tenant and cloud. */
export const MICROSOFT_GRAPH = '00000003-0000-0000-c000-000000000000' as ClientId
/** Microsoft’s own client for people who work with Graph at a terminal. It holds nothing by itself: whoever signs in consents to what is asked. @see https://learn.microsoft.com/graph/cli/installation */
export const GRAPH_COMMAND_LINE_TOOLS = '14d82eec-204b-4c2f-b7e8-296a70dab67e' as ClientId
/** Directory role template ids that may grant app roles of Microsoft Graph. @see https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent */
export const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10'
export const PRIVILEGED_ROLE_ADMINISTRATOR = 'e8611ab8-c189-46e8-94e1-60213ab1f814'
/** These may consent for their organisation, though not grant app roles of Microsoft Graph. @see https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference */
export const APPLICATION_ADMINISTRATOR = '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3'
export const CLOUD_APPLICATION_ADMINISTRATOR = '158c047a-c907-4556-b7ef-446551a6b5f7'
