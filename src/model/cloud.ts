/** Microsoft's clouds, as data. A tenant lives in exactly one. @see https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
export type CloudName = 'public' | 'usgov' | 'usgov-dod' | 'china' | 'emulator'

export type Cloud = {
  name: CloudName
  /** Where tokens come from; also the host of every issuer. No trailing slash. */
  loginOrigin: string
  /** Where administrators are sent with a browser; differs from loginOrigin with the emulator only. */
  browserOrigin: string
  graphOrigin: string
  /** The resource whose `.default` an app-only token asks for. */
  graphResource: string
  /** Where an administrator looks after enterprise applications; null with the emulator. */
  portalOrigin: string | null
}

const cloud = (name: CloudName, login: string, graph: string, portal: string): Cloud => ({
  name,
  loginOrigin: login,
  browserOrigin: login,
  graphOrigin: graph,
  graphResource: graph,
  portalOrigin: portal,
})

export const CLOUDS: Record<Exclude<CloudName, 'emulator'>, Cloud> = {
  public: cloud(
    'public',
    'https://login.microsoftonline.com',
    'https://graph.microsoft.com',
    'https://entra.microsoft.com',
  ),
  usgov: cloud('usgov', 'https://login.microsoftonline.us', 'https://graph.microsoft.us', 'https://portal.azure.us'),
  'usgov-dod': cloud(
    'usgov-dod',
    'https://login.microsoftonline.us',
    'https://dod-graph.microsoft.us',
    'https://portal.azure.us',
  ),
  china: cloud(
    'china',
    'https://login.partner.microsoftonline.cn',
    'https://microsoftgraph.chinacloudapi.cn',
    'https://portal.azure.cn',
  ),
}

/** The emulator serves everything on one origin; its tokens carry Microsoft's own resource ids. */
export const emulatorCloud = (origin: string, browserOrigin: string): Cloud => ({
  name: 'emulator',
  loginOrigin: origin,
  browserOrigin,
  graphOrigin: origin,
  graphResource: 'https://graph.microsoft.com',
  portalOrigin: null,
})

/** The exact issuer of a tenant's v2 ID tokens. @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer */
export const issuerOf = (cloud: Cloud, tenantId: string): string => `${cloud.loginOrigin}/${tenantId}/v2.0`
