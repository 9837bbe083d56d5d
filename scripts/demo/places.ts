import { join, resolve } from 'node:path'
import { DEMO } from '#emulator/estate/demo.ts'

export const root = resolve(import.meta.dirname, '..', '..')

/** Made anew at every start. */
export const folder = join(root, '.tenantry', 'demo')

export const LANDING = 'http://localhost:3000'
export const CONSOLE = 'http://localhost:3001'
export const EMULATOR = 'https://localhost:8443'
export const EMULATOR_BROWSER = 'http://localhost:8080'

export const programs = {
  emulator: join(root, 'emulator', 'cli.ts'),
  tenantry: join(root, 'src', 'bin', 'tenantry.ts'),
}

export const settingsFile = join(folder, 'settings.env')

export const settings = {
  TENANTRY_CLOUD: 'emulator',
  TENANTRY_CLIENT_ID: DEMO.appId,
  TENANTRY_HOME_TENANT_ID: DEMO.home,
  TENANTRY_CLIENT_SECRET: DEMO.secret,
  TENANTRY_DATA_DIR: join(folder, 'tenantry'),
  TENANTRY_PUBLIC_URL: LANDING,
  TENANTRY_CONSOLE_URL: CONSOLE,
  TENANTRY_EMULATOR_ORIGIN: EMULATOR,
  TENANTRY_EMULATOR_BROWSER_ORIGIN: EMULATOR_BROWSER,
  TENANTRY_EMULATOR_CA_FILE: join(folder, 'emulator', 'ca.pem'),
}

/** A developer's own TENANTRY_* settings must not leak into the demo. */
export const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TENANTRY_'))),
  TENANTRY_SETTINGS_FILE: settingsFile,
}
