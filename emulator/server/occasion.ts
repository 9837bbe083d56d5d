import type { HonoRequest } from 'hono'
import { decodeJwt } from 'jose'
import { findTenant } from '#emulator/directory/tenants.ts'
import { readForm } from '#emulator/form.ts'
import type { Occasion } from '#emulator/mischief/open.ts'
import type { Place } from '#emulator/mischief/words.ts'
import type { World } from '#emulator/world.ts'

const PLACES: readonly (readonly [Place, RegExp])[] = [
  ['token', /^\/[^/]+\/oauth2\/(v2\.0\/)?(token|devicecode)$/i],
  ['jwks', /^\/[^/]+\/discovery\/(v2\.0\/)?keys$/i],
  ['discovery', /^\/[^/]+\/(v2\.0\/)?\.well-known\/openid-configuration$|^\/common\/(discovery|userrealm)\//i],
  ['authorize', /^\/[^/]+\/(oauth2\/(v2\.0\/)?authorize|(v2\.0\/)?adminconsent)$/i],
]

/** What a request to Entra ID is to the rules of mischief; null elsewhere. Graph asks by itself: it knows whose token it got. */
export async function occasionOf({ directory }: World, request: HonoRequest): Promise<Occasion | null> {
  const { path, method } = request
  const at = PLACES.find(([, pattern]) => pattern.test(path))?.[0]
  if (!at) return null
  const tenantId = findTenant(directory, path.split('/')[1] ?? '')?.id
  const appId = at === 'token' ? await readClientId(request) : request.query('client_id')
  return { at, host: request.header('host'), path, method, tenantId, appId: appId?.toLowerCase() }
}

async function readClientId(request: HonoRequest): Promise<string | undefined> {
  if (request.method !== 'POST') return undefined
  try {
    const { client_id: id, client_assertion: assertion } = await readForm(request)
    return id ?? (assertion === undefined ? undefined : decodeJwt(assertion).sub)
  } catch {
    return undefined
  }
}
