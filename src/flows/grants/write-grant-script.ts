import { grantScript } from '#model/grant-script.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tools } from '#tools.ts'

/** The az CLI script with which an administrator of the tenant grants by hand what the app declares. */
export const writeGrantScript = ({ config }: Pick<Tools, 'config'>, tenantId: TenantId): string =>
  grantScript({
    cloud: config.cloud,
    clientId: config.clientId,
    tenantId,
    appName: config.app.name,
    permissions: config.app.permissions,
  })
