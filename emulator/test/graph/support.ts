import assert from 'node:assert/strict'
import { Agent, fetch } from 'undici'
import type { Emulator, EstateInput } from '#emulator/index.ts'
import { openBrowser, signIn } from '#emulator/test/support/browser.ts'

export const ISV = '20000000-0000-4000-8000-000000000001'
export const FABRIKAM = '20000000-0000-4000-8000-000000000002'
export const CONTOSO = '20000000-0000-4000-8000-000000000003'
export const READER = 'b0000000-0000-4000-8000-00000000000a'
export const WRITER = 'b0000000-0000-4000-8000-00000000000b'
/** Present, but without any permission. */
export const NOBODY = 'b0000000-0000-4000-8000-00000000000c'
/** Known at home only. */
export const STRANGER = 'b0000000-0000-4000-8000-00000000000d'
/** Signs administrators in. */
export const PORTAL = 'b0000000-0000-4000-8000-00000000000e'
export const MICROSOFT_GRAPH = '00000003-0000-0000-c000-000000000000'
export const USER_READ_ALL = 'df021288-bdef-4463-88db-98f22de89214'
export const GROUP_READ_ALL = '5b567255-7703-4780-807c-7be8301ae99b'
const SECRET = 'a-secret-of-the-tests'
const REDIRECT = 'http://localhost:3999/callback'

const password = 'Passw0rd!'
const person = (name: string, domain: string, roles: string[] = []) => ({
  userPrincipalName: `${name}@${domain}`,
  displayName: `${name.charAt(0).toUpperCase()}${name.slice(1)} Person`,
  password,
  roles,
})
const staff = (domain: string) => [
  person('grace', domain, ['Global Administrator']),
  person('priya', domain, ['Privileged Role Administrator']),
  person('adam', domain, ['Application Administrator']),
  person('uma', domain),
]
const app = (appId: string, displayName: string) => ({
  appId,
  displayName,
  homeTenant: ISV,
  redirectUris: [REDIRECT],
  secrets: [{ value: SECRET }],
})

export const WRITER_ROLES = [
  'User.ReadWrite.All',
  'Group.ReadWrite.All',
  'Application.ReadWrite.All',
  'AppRoleAssignment.ReadWrite.All',
  'DelegatedPermissionGrant.ReadWrite.All',
  'Organization.Read.All',
  'RoleManagement.Read.Directory',
]

/** Fabrikam has 1,205 users in 13 pages of 100, and 12 groups; Contoso has 60 users, one of them disabled, and no P1. */
export const graphEstate: EstateInput = {
  tenants: [
    {
      id: ISV,
      displayName: 'Northwind',
      domains: ['northwind.example'],
      users: [person('olivia', 'northwind.example', ['Global Administrator'])],
    },
    {
      id: FABRIKAM,
      displayName: 'Fabrikam',
      domains: ['fabrikam.example', 'fabrikam.onmicrosoft.com'],
      users: staff('fabrikam.example'),
      generated: { users: 1_205, groups: 12, seed: 5 },
    },
    {
      id: CONTOSO,
      displayName: 'Contoso',
      premium: false,
      domains: ['contoso.example'],
      users: staff('contoso.example'),
      generated: { users: 60, groups: 3, seed: 6 },
    },
  ],
  applications: [
    app(READER, 'Reader'),
    { ...app(WRITER, 'Writer') },
    app(NOBODY, 'Nobody'),
    app(STRANGER, 'Stranger'),
    app(PORTAL, 'Portal'),
  ],
  servicePrincipals: [FABRIKAM, CONTOSO].flatMap((tenant) => [
    { tenant, appId: READER, application: ['User.Read.All', 'Group.Read.All', 'Application.Read.All'] },
    { tenant, appId: WRITER, application: WRITER_ROLES },
    { tenant, appId: NOBODY },
    {
      tenant,
      appId: PORTAL,
      delegated: ['openid', 'profile', 'User.Read', 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'],
    },
  ]),
}

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Json = any
export type Answer = { status: number; body: Json; headers: Headers; text: string }
export type Ask = (
  path: string,
  options?: { method?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<Answer>

const dispatchers = new WeakMap<Emulator, Agent>()

/** Asks over HTTPS, trusting the emulator's own authority alone. */
async function send(
  emulator: Emulator,
  url: string,
  init: { method: string; headers: Record<string, string>; body: string | null },
) {
  const dispatcher = dispatchers.get(emulator) ?? new Agent({ connect: { ca: emulator.ca }, keepAliveTimeout: 10 })
  dispatchers.set(emulator, dispatcher)
  const response = await fetch(url, { dispatcher, redirect: 'manual', ...init })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return {
    status: response.status,
    headers: new Headers([...response.headers]),
    text,
    body: isJson ? JSON.parse(text) : undefined,
  }
}

/** Graph with this token; paths stand below /v1.0, and absolute links are followed as they are. */
export const withToken =
  (emulator: Emulator, token: string | null): Ask =>
  (path, { method, body, headers = {} } = {}) =>
    send(
      emulator,
      path.startsWith('https:') ? path : `${emulator.origin}${/^\/(v1\.0|beta)\//.test(path) ? '' : '/v1.0'}${path}`,
      {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      },
    )

async function redeem(emulator: Emulator, tenant: string, form: Record<string, string>): Promise<string> {
  const { status, body, text } = await send(emulator, `${emulator.origin}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })
  assert.equal(status, 200, text)
  return String(body.access_token)
}

export const appToken = (emulator: Emulator, appId: string, tenant: string): Promise<string> =>
  redeem(emulator, tenant, {
    grant_type: 'client_credentials',
    client_id: appId,
    client_secret: SECRET,
    scope: 'https://graph.microsoft.com/.default',
  })

export const asApp = async (emulator: Emulator, appId: string, tenant = FABRIKAM): Promise<Ask> =>
  withToken(emulator, await appToken(emulator, appId, tenant))

/** Signs a person in through the pages, and asks Graph on his or her behalf. */
export async function asUser(
  emulator: Emulator,
  name: string,
  { appId = PORTAL, scope = 'openid https://graph.microsoft.com/.default' } = {},
): Promise<Ask> {
  const asked = new URLSearchParams({
    client_id: appId,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope,
    state: 's',
  })
  const back = await signIn(
    openBrowser(emulator),
    `${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize?${asked}`,
    { username: name },
  )
  const code = back.url.searchParams.get('code')
  assert.ok(code, `no code came back: ${back.url.href} ${back.text}`)
  const token = await redeem(emulator, 'organizations', {
    grant_type: 'authorization_code',
    client_id: appId,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code,
    scope,
  })
  return withToken(emulator, token)
}

/** The object id of an application's service principal. */
export async function principalId(ask: Ask, appId: string): Promise<string> {
  const { body } = await ask(`/servicePrincipals?$filter=appId eq '${appId}'&$select=id`)
  return String(body.value[0]?.id)
}

/** All pages, and how many there were. */
export async function allPages(ask: Ask, path: string, headers: Record<string, string> = {}) {
  const items: Json[] = []
  let pages = 0
  for (let next: string | undefined = path; next; ) {
    const { status, body, text } = await ask(next, { headers })
    assert.equal(status, 200, text)
    items.push(...body.value)
    pages += 1
    next = body['@odata.nextLink']
  }
  return { items, pages }
}

export function assertError({ status, body, text }: Answer, expected: number, code: string, message?: RegExp): void {
  assert.equal(status, expected, text)
  assert.equal(body.error.code, code)
  if (message) assert.match(body.error.message, message)
  assert.match(body.error.innerError.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
  assert.ok(body.error.innerError['request-id'])
}
