/**
 * The arrows of the house as data: each room, what it may import of ours, and which outside packages live in it.
 * `architecture.test.ts` holds every import against this table.
 */
export type Room = {
  /** Other rooms of the same house. */
  imports: readonly string[]
  /** Outside packages; a room not named here may not import the package at all. `node:` modules are free unless `pure`. */
  packages: readonly string[]
  /** Pure rooms import nothing of Node either. */
  pure?: true
}

export const SRC: Record<string, Room> = {
  base: { imports: [], packages: ['pino'] },
  model: { imports: [], packages: ['cron-parser'], pure: true },
  config: { imports: ['model', 'base'], packages: ['zod'] },
  outbound: { imports: ['model', 'base'], packages: ['undici'] },
  telemetry: {
    imports: [],
    packages: [
      '@opentelemetry/api',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-metrics',
      '@opentelemetry/exporter-prometheus',
      '@opentelemetry/sdk-trace',
      '@opentelemetry/context-async-hooks',
      '@opentelemetry/exporter-trace-otlp-http',
    ],
  },
  entra: { imports: ['outbound', 'telemetry', 'model', 'base'], packages: ['@azure/msal-node', 'jose', 'zod'] },
  graph: {
    imports: ['outbound', 'telemetry', 'model', 'base'],
    packages: ['@microsoft/microsoft-graph-client', 'zod'],
  },
  store: { imports: ['model', 'base'], packages: ['kysely', 'pg', '@electric-sql/pglite'] },
  jobs: { imports: ['store', 'model', 'base'], packages: ['pg-boss'] },
  preflight: { imports: ['config', 'outbound', 'entra', 'store', 'model', 'base'], packages: [] },
  tools: {
    imports: ['config', 'outbound', 'telemetry', 'entra', 'graph', 'store', 'jobs', 'model', 'base'],
    packages: [],
  },
  flows: { imports: ['tools', 'config', 'entra', 'graph', 'store', 'jobs', 'model', 'base'], packages: [] },
  pages: { imports: ['model', 'base'], packages: ['hono', 'jose'] },
  signup: {
    imports: ['pages', 'flows', 'tools', 'config', 'store', 'model', 'base'],
    packages: ['hono', 'zod'],
  },
  console: {
    imports: ['pages', 'flows', 'tools', 'config', 'store', 'jobs', 'telemetry', 'model', 'base'],
    packages: ['hono', '@hono/node-server', '@hono/zod-openapi', 'zod'],
  },
  daemon: { imports: ['flows', 'tools', 'jobs', 'telemetry', 'model', 'base'], packages: [] },
  cli: {
    imports: ['flows', 'tools', 'config', 'store', 'jobs', 'model', 'base'],
    packages: ['commander'],
  },
  bin: {
    imports: [
      'signup',
      'console',
      'daemon',
      'cli',
      'flows',
      'telemetry',
      'preflight',
      'tools',
      'config',
      'store',
      'jobs',
      'model',
      'base',
    ],
    packages: ['@hono/node-server'],
  },
  index: { imports: ['flows', 'tools', 'config', 'graph', 'model', 'base'], packages: [] },
}

/** Rooms that are large have rooms of their own; of each, the others beside it that it may use. */
export const WITHIN: Record<'flows' | 'store', Record<string, readonly string[]>> = {
  flows: {
    incidents: [],
    credentials: ['incidents'],
    tenants: ['incidents'],
    grants: ['tenants', 'incidents'],
    'sign-up': ['grants', 'tenants', 'incidents'],
    operators: ['sign-up', 'incidents'],
    registration: ['operators', 'sign-up', 'grants'],
    runs: ['tenants', 'incidents'],
    sync: ['runs', 'tenants'],
    queue: ['tenants'],
    fleet: ['queue', 'tenants'],
  },
  store: {
    migrations: [],
    database: ['migrations'],
    // What stands in the room itself: the tables.
    '': ['database', 'migrations'],
  },
}

/** The second house. It imports nothing of the first, nor the first of it. */
export const EMULATOR: Record<string, Room> = {
  clock: { imports: [], packages: [] },
  directory: { imports: ['clock'], packages: ['zod'] },
  keys: { imports: [], packages: ['jose'] },
  certificate: { imports: [], packages: [] },
  tls: { imports: ['certificate'], packages: [] },
  mischief: { imports: [], packages: ['zod'] },
  lag: { imports: ['directory'], packages: ['zod'] },
  'request-log': { imports: [], packages: [] },
  throttle: { imports: ['directory', 'clock'], packages: ['zod'] },
  form: { imports: [], packages: ['hono'] },
  world: { imports: ['directory', 'keys', 'mischief', 'lag', 'request-log', 'throttle', 'clock'], packages: ['hono'] },
  estate: { imports: ['directory', 'mischief', 'clock'], packages: ['zod'] },
  pages: { imports: ['directory'], packages: ['hono'] },
  entra: {
    imports: ['world', 'form', 'directory', 'keys', 'mischief', 'lag', 'pages', 'clock'],
    packages: ['hono', 'jose', 'zod'],
  },
  graph: {
    imports: ['world', 'directory', 'keys', 'mischief', 'lag', 'throttle', 'clock'],
    packages: ['hono', 'jose', 'zod'],
  },
  azure: { imports: ['world', 'directory', 'entra'], packages: ['hono', 'jose'] },
  control: {
    imports: [
      'world',
      'form',
      'directory',
      'estate',
      'keys',
      'mischief',
      'lag',
      'request-log',
      'throttle',
      'pages',
      'clock',
    ],
    packages: ['hono', 'jose', 'zod'],
  },
  server: {
    imports: [
      'world',
      'form',
      'directory',
      'estate',
      'keys',
      'tls',
      'mischief',
      'lag',
      'request-log',
      'throttle',
      'entra',
      'azure',
      'graph',
      'control',
      'clock',
    ],
    packages: ['hono', '@hono/node-server', 'jose'],
  },
  index: {
    imports: ['server', 'control', 'estate', 'world', 'mischief', 'lag', 'request-log', 'throttle'],
    packages: ['zod'],
  },
  banner: { imports: ['index'], packages: [] },
  command: { imports: ['index', 'banner'], packages: ['commander'] },
  cli: { imports: ['command'], packages: [] },
}
