import { ConfidentialClientApplication, type INetworkModule } from '@azure/msal-node'
import { systemClock } from '#base/clock.ts'
import { openLog } from '#base/log.ts'
import { type AppToken, appToken } from '#entra/app-token.ts'
import { type Entra, openEntra } from '#entra/open.ts'
import { CLOUDS } from '#model/cloud.ts'
import type { ClientId, ObjectId, TenantId } from '#model/ids.ts'
import { openOutbound } from '#outbound/open.ts'
import { type Measured, median, type Program } from './claim.ts'

const FEW = 20
const MANY = 20_000
const IN_MSAL = 10_000
const ROUNDS = 11
const MSAL_ROUNDS = 5
const HITS = 200_000
const MSAL_HITS = 60

const clientId = 'aaaaaaaa-1111-4222-8333-444444444444' as ClientId
const tenantOf = (index: number) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}` as TenantId

/** What it costs to get a token that is there already. */
export const tokenCache: Program = {
  name: 'token-cache',
  claims: [
    {
      name: 'token-cache.growth',
      about: `a cache hit with ${MANY} tenants against one with ${FEW}`,
      wanted: { atMost: 2 },
    },
    {
      name: 'token-cache.msal',
      about: `a cache hit of one shared MSAL client that holds ${IN_MSAL} tenants against ours with ${MANY}`,
      wanted: { atLeast: 50 },
    },
  ],
  async run(tell) {
    await using few = openCache(FEW)
    await using many = openCache(MANY)
    const hitFew = (hit: number) => appToken(few.entra, tenantOf((hit * 7) % FEW))
    const hitMany = (hit: number) => appToken(many.entra, tenantOf((hit * 7919) % MANY))
    const cost: { few: number[]; many: number[]; msal: number[] } = { few: [], many: [], msal: [] }
    for (let round = 0; round < ROUNDS; round++) {
      cost.few.push(await time(HITS, hitFew))
      cost.many.push(await time(HITS, hitMany))
    }
    // Only now: what MSAL holds would crowd the processor’s cache before.
    tell(`filling one shared MSAL client with ${IN_MSAL} tenants`)
    const msal = await fillMsal(IN_MSAL, tell)
    for (let round = 0; round < MSAL_ROUNDS; round++)
      cost.msal.push(await time(MSAL_HITS, (hit) => msal(tenantOf((hit * 7919) % IN_MSAL))))
    const unit = 'µs'
    return {
      'token-cache.growth': { ours: median(cost.many), other: median(cost.few), unit } satisfies Measured,
      'token-cache.msal': { ours: median(cost.msal), other: median(cost.many), unit } satisfies Measured,
    }
  },
}

/** @returns microseconds for each call */
async function time(calls: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  for (let index = 0; index < calls; index++) await call(index)
  return ((performance.now() - startedAt) * 1_000) / calls
}

function openCache(tenants: number): { entra: Entra } & AsyncDisposable {
  const log = openLog('silent')
  const cloud = CLOUDS.public
  const outbound = openOutbound({ origins: [cloud.loginOrigin], log })
  const credential = { kind: 'secret', secret: 'not used: every token is there' } as const
  const entra = openEntra({ cloud, clientId, homeTenantId: tenantOf(0), credential, outbound, clock: systemClock, log })
  for (let index = 0; index < tenants; index++) entra.tokens.set(tokenFor(tenantOf(index)))
  return { entra, [Symbol.asyncDispose]: () => outbound.close() }
}

const tokenFor = (tenantId: TenantId): AppToken => ({
  tenantId,
  value: `value for ${tenantId}`,
  expiresAt: new Date(Date.now() + 3_600_000),
  roles: [],
  servicePrincipalId: '00000000-0000-4000-8000-000000000000' as ObjectId,
  claims: {},
})

/** Every token endpoint answers at once, so that only MSAL's own work is measured. */
async function fillMsal(tenants: number, tell: (line: string) => void) {
  const body = {
    token_type: 'Bearer',
    expires_in: 3_600,
    ext_expires_in: 3_600,
    access_token: 'header.payload.signature',
  }
  const answer = async () => ({ headers: {}, status: 200, body: body as never })
  const networkClient: INetworkModule = { sendGetRequestAsync: answer, sendPostRequestAsync: answer }
  const client = new ConfidentialClientApplication({
    auth: {
      clientId,
      authority: 'https://login.microsoftonline.com/common',
      clientSecret: 'not checked',
      authorityMetadata: JSON.stringify({
        token_endpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
        authorization_endpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
        issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
        jwks_uri: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
      }),
    },
    system: { networkClient },
  })
  const acquire = (tenantId: TenantId) =>
    client.acquireTokenByClientCredential({
      scopes: ['https://graph.microsoft.com/.default'],
      authority: `https://login.microsoftonline.com/${tenantId}`,
    })
  for (let index = 0; index < tenants; index++) {
    await acquire(tenantOf(index))
    if (index % 1_000 === 0 && index > 0) tell(`  ${index}`)
  }
  return acquire
}
