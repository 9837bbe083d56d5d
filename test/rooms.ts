/**
 * The arrows of the house as data: each room, what it may import of ours, and which outside packages live in it.
 * `architecture.test.ts` holds every import against this table.
 */
export type Room = {
  /** What it is for, in a few words. */
  about: string
  /** Other rooms of the same house. */
  imports: readonly string[]
  /** Outside packages; a room not named here may not import the package at all. `node:` modules are free unless `pure`. */
  packages: readonly string[]
  /** Pure rooms import nothing of Node either. */
  pure?: true
}

export const SRC: Record<string, Room> = {
  base: {
    about: 'Clock, log, places, single flight, gathering: knows nothing of ours.',
    imports: [],
    packages: ['pino'],
  },
  model: {
    about: 'Nouns and rules, pure: ids, states, permissions, plans, diagnoses.',
    imports: [],
    packages: ['cron-parser'],
    pure: true,
  },
  config: {
    about: 'Reads the settings and `tenantry.config.ts`, and tells all mistakes together.',
    imports: ['model', 'base'],
    packages: ['zod'],
  },
  outbound: { about: 'The only way out, to pinned origins.', imports: ['model', 'base'], packages: ['undici'] },
  telemetry: {
    about: 'Counts what a process does, and sends its spans.',
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
  entra: {
    about: 'Gate to Microsoft Entra ID: sign-ins, app tokens, the tenant guard.',
    imports: ['outbound', 'telemetry', 'model', 'base'],
    packages: ['@azure/msal-node', 'jose', 'zod'],
  },
  graph: {
    about: 'Gate to Microsoft Graph: requests, pages, batches, the budget.',
    imports: ['outbound', 'telemetry', 'model', 'base'],
    packages: ['@microsoft/microsoft-graph-client', 'zod'],
  },
  store: {
    about: 'What we know: tables, row-level security, migrations.',
    imports: ['model', 'base'],
    packages: ['kysely', 'pg', '@electric-sql/pglite'],
  },
  jobs: {
    about: 'The queue: what waits, and the runner that does it.',
    imports: ['store', 'model', 'base'],
    packages: ['pg-boss'],
  },
  preflight: {
    about: 'Tries what can only be found out by trying, before a process starts.',
    imports: ['config', 'outbound', 'entra', 'store', 'model', 'base'],
    packages: [],
  },
  tools: {
    about: 'Opens everything below, hands it to flows, closes it again.',
    imports: ['config', 'outbound', 'telemetry', 'entra', 'graph', 'store', 'jobs', 'model', 'base'],
    packages: [],
  },
  flows: {
    about: 'What the product does, as functions that doors call.',
    imports: ['tools', 'config', 'entra', 'graph', 'store', 'jobs', 'model', 'base'],
    packages: [],
  },
  pages: {
    about: 'What both sites look like: layout, components, cookies, headers.',
    imports: ['model', 'base'],
    packages: ['hono', 'jose'],
  },
  signup: {
    about: 'Door of the customer’s administrator: the landing page.',
    imports: ['pages', 'flows', 'tools', 'config', 'store', 'model', 'base'],
    packages: ['hono', 'zod'],
  },
  console: {
    about: 'Door of the operator: the console, and the HTTP API.',
    imports: ['pages', 'flows', 'tools', 'config', 'store', 'jobs', 'telemetry', 'model', 'base'],
    packages: ['hono', '@hono/node-server', '@hono/zod-openapi', 'zod'],
  },
  daemon: {
    about: 'Door of the queue: which flow does which kind of work.',
    imports: ['flows', 'tools', 'jobs', 'telemetry', 'model', 'base'],
    packages: [],
  },
  cli: {
    about: 'Door of the terminal: commands, their options and words.',
    imports: ['flows', 'tools', 'config', 'store', 'jobs', 'model', 'base'],
    packages: ['commander'],
  },
  bin: {
    about: 'Processes: the environment, arguments, signals, ports.',
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
  index: {
    about: `The library: what \`import … from 'tenantry'\` gives.`,
    imports: ['flows', 'tools', 'config', 'graph', 'model', 'base'],
    packages: [],
  },
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
  clock: { about: 'Time that can be turned.', imports: [], packages: [] },
  directory: {
    about: 'Tenants, people, groups, applications, consents: the state.',
    imports: ['clock'],
    packages: ['zod'],
  },
  keys: { about: 'The keys that sign tokens.', imports: [], packages: ['jose'] },
  certificate: { about: 'Makes an X.509 certificate.', imports: [], packages: [] },
  tls: { about: 'The certificate authority, kept in the data folder.', imports: ['certificate'], packages: [] },
  mischief: { about: 'Faults on order: which rule strikes which request.', imports: [], packages: ['zod'] },
  lag: { about: 'Which replica has not yet heard of which write.', imports: ['directory'], packages: ['zod'] },
  'request-log': { about: 'What was asked, and why it was refused.', imports: [], packages: [] },
  throttle: { about: 'Graph’s limits: what fills which bucket.', imports: ['directory', 'clock'], packages: ['zod'] },
  form: { about: 'Reads the fields of a form.', imports: [], packages: ['hono'] },
  world: {
    about: 'All of the above, as each request meets it.',
    imports: ['directory', 'keys', 'mischief', 'lag', 'request-log', 'throttle', 'clock'],
    packages: ['hono'],
  },
  estate: {
    about: 'Reads the file that says what to begin with.',
    imports: ['directory', 'mischief', 'clock'],
    packages: ['zod'],
  },
  pages: { about: 'The pages of people, of Microsoft’s kind and of ours.', imports: ['directory'], packages: ['hono'] },
  entra: {
    about: 'Microsoft Entra ID: sign-in, consent, grants, tokens, discovery.',
    imports: ['world', 'form', 'directory', 'keys', 'mischief', 'lag', 'pages', 'clock'],
    packages: ['hono', 'jose', 'zod'],
  },
  graph: {
    about: 'Microsoft Graph: resources, queries, delta, batches, subscriptions.',
    imports: ['world', 'directory', 'keys', 'mischief', 'lag', 'throttle', 'clock'],
    packages: ['hono', 'jose', 'zod'],
  },
  azure: {
    about: 'As much of Azure as the Azure CLI passes on its way.',
    imports: ['world', 'directory', 'entra'],
    packages: ['hono', 'jose'],
  },
  control: {
    about: 'The control API under `/_emulator/`, and the pages that look inside.',
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
    about: 'Ports, host names, the proxy; carries mischief out.',
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
    about: `\`startEmulator()\`: what \`import … from 'tenantry/emulator'\` gives.`,
    imports: ['server', 'control', 'estate', 'world', 'mischief', 'lag', 'request-log', 'throttle'],
    packages: ['zod'],
  },
  banner: { about: 'What is printed when it runs.', imports: ['index'], packages: [] },
  command: { about: 'The options of the command.', imports: ['index', 'banner'], packages: ['commander'] },
  'keep-compiled': { about: 'Where compiled code is kept.', imports: [], packages: [] },
  cli: { about: 'The command `tenantry-emulator`.', imports: ['keep-compiled', 'command'], packages: [] },
}
