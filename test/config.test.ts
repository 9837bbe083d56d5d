import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { SETTINGS } from '#config/settings.ts'
import { type Config, readConfig } from '#config.ts'
import { makeCertificate } from '#emulator/certificate.ts'
import { DOCUMENTED_LIMITS, scaled } from '#model/throttle.ts'
import { temporaryFolder } from '#test/support/backends.ts'

const APP = {
  name: 'Northwind Insights',
  publisher: 'Northwind Software',
  description: 'Keeps reports up to date.',
  permissions: [{ value: 'User.Read.All', reason: 'Reads names.' }],
}
const SECRET = 'Canary-3f7~secret'
const ENOUGH = {
  TENANTRY_CLIENT_ID: '11111111-2222-3333-4444-555555555555',
  TENANTRY_HOME_TENANT_ID: 'AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE',
  TENANTRY_CLIENT_SECRET: SECRET,
}

function read(change: Record<string, string | undefined> = {}, app: unknown = APP): Config {
  const { config, mistakes } = readConfig({ ...ENOUGH, ...change }, app)
  assert.deepEqual(mistakes, [])
  assert.ok(config)
  return config
}

const mistakesOf = (change: Record<string, string | undefined>, app: unknown = APP) => {
  const { config, mistakes } = readConfig({ ...ENOUGH, ...change }, app)
  assert.equal(config, null, 'one mistake is enough to have no configuration')
  for (const { setting, message, nextStep } of mistakes) assert.ok(setting && message && nextStep, setting)
  return mistakes
}

test('three settings and the definition are enough, and every other one has its default', () => {
  const config = read()
  assert.deepEqual(
    { ...config, app: null, cloud: config.cloud.name, credential: config.credential.kind },
    {
      app: null,
      cloud: 'public',
      clientId: ENOUGH.TENANTRY_CLIENT_ID,
      homeTenantId: ENOUGH.TENANTRY_HOME_TENANT_ID.toLowerCase(),
      credential: 'secret',
      emulatorCa: null,
      databaseUrl: null,
      dataDir: '.tenantry',
      publicUrl: 'http://localhost:3000',
      consoleUrl: 'http://localhost:3001',
      listenHost: '127.0.0.1',
      trustedProxies: ['nearby'],
      landingPort: 3000,
      consolePort: 3001,
      metricsPort: null,
      metricsTenants: 20,
      sessionKey: null,
      logLevel: 'info',
      signUpValidMinutes: 15,
      grantPatienceMinutes: 5,
      syncEveryMinutes: 60,
      throttleLimits: scaled(DOCUMENTED_LIMITS, 0.95),
      alertUrl: null,
      concurrency: 4,
    },
  )
  assert.throws(() => Object.assign(config, { clientId: 'other' }), TypeError, 'it is frozen')
})

/** For each setting: what it may be and what then stands in the configuration, and what it may not be. */
const CASES: Record<keyof typeof SETTINGS, { good: [string, (config: Config) => unknown, unknown][]; bad: string[] }> =
  {
    TENANTRY_CLOUD: {
      good: [
        ['usgov', (config) => config.cloud.graphOrigin, 'https://graph.microsoft.us'],
        ['china', (config) => config.cloud.loginOrigin, 'https://login.partner.microsoftonline.cn'],
      ],
      bad: ['germany', 'Public'],
    },
    TENANTRY_CLIENT_ID: {
      good: [[' 11111111-2222-3333-4444-555555555556 ', (config) => config.clientId.at(-1), '6']],
      bad: ['my-app', '11111111-2222-3333-4444'],
    },
    TENANTRY_HOME_TENANT_ID: { good: [], bad: ['fabrikam.onmicrosoft.com', 'common'] },
    TENANTRY_CLIENT_SECRET: {
      good: [['s', (config) => config.credential, { kind: 'secret', secret: 's', expiresAt: null }]],
      bad: [],
    },
    TENANTRY_CLIENT_CERTIFICATE_FILE: { good: [], bad: ['/nowhere/app.pem'] },
    TENANTRY_DATABASE_URL: {
      good: [
        ['postgres://u:p@db:5432/t', (config) => config.databaseUrl, 'postgres://u:p@db:5432/t'],
        ['postgresql://db/t', (config) => config.databaseUrl, 'postgresql://db/t'],
      ],
      bad: ['mysql://db/t', 'db:5432', 'postgres://', 'postgres://db/a b'],
    },
    TENANTRY_DATA_DIR: { good: [['/var/lib/t', (config) => config.dataDir, '/var/lib/t']], bad: [] },
    TENANTRY_PUBLIC_URL: {
      good: [
        ['https://connect.example', (config) => config.publicUrl, 'https://connect.example'],
        ['https://connect.example:444/', (config) => config.publicUrl, 'https://connect.example:444'],
        ['http://127.0.0.1:9', (config) => config.publicUrl, 'http://127.0.0.1:9'],
      ],
      bad: ['http://connect.example', 'connect.example', 'https://connect.example/app', 'javascript:alert(1)'],
    },
    TENANTRY_CONSOLE_URL: {
      good: [['https://ops.example', (config) => config.consoleUrl, 'https://ops.example']],
      bad: ['http://ops.example'],
    },
    TENANTRY_LISTEN_HOST: { good: [['0.0.0.0', (config) => config.listenHost, '0.0.0.0']], bad: [] },
    TENANTRY_TRUSTED_PROXIES: {
      good: [
        [
          'nearby, 203.0.113.0/24 2001:db8::/32',
          (config) => config.trustedProxies,
          ['nearby', '203.0.113.0/24', '2001:db8::/32'],
        ],
        ['10.0.0.5,::1', (config) => config.trustedProxies, ['10.0.0.5', '::1']],
      ],
      bad: ['proxy.example', '203.0.113.0/33', '0.0.0.0/0', '::/0', '1.2.3', 'all'],
    },
    TENANTRY_LANDING_PORT: { good: [['0', (config) => config.landingPort, 0]], bad: ['-1', '65536', 'http', '1.5'] },
    TENANTRY_CONSOLE_PORT: { good: [['8081', (config) => config.consolePort, 8081]], bad: ['x'] },
    TENANTRY_SESSION_KEY: {
      good: [[Buffer.alloc(32, 7).toString('base64'), (config) => config.sessionKey, new Uint8Array(32).fill(7)]],
      bad: ['short', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64')],
    },
    TENANTRY_EMULATOR_ORIGIN: { good: [], bad: ['http://emulator.example'] },
    TENANTRY_EMULATOR_BROWSER_ORIGIN: { good: [], bad: ['ftp://localhost'] },
    TENANTRY_EMULATOR_CA_FILE: { good: [], bad: [] },
    TENANTRY_LOG_LEVEL: { good: [['silent', (config) => config.logLevel, 'silent']], bad: ['loud'] },
    TENANTRY_SIGN_UP_VALID_MINUTES: {
      good: [['1', (config) => config.signUpValidMinutes, 1]],
      bad: ['0', '-5', 'ten', '1.5', 'Infinity'],
    },
    TENANTRY_METRICS_PORT: { good: [['9464', (config) => config.metricsPort, 9_464]], bad: ['-1', 'any'] },
    TENANTRY_METRICS_TENANTS: {
      good: [
        ['0', (config) => config.metricsTenants, 0],
        ['1000', (config) => config.metricsTenants, 1_000],
      ],
      bad: ['-1', '1001', 'all'],
    },
    TENANTRY_GRANT_PATIENCE_MINUTES: { good: [['9', (config) => config.grantPatienceMinutes, 9]], bad: ['0'] },
    TENANTRY_THROTTLE_SHARE: {
      good: [['0.5', (config) => config.throttleLimits.appUnits, { amount: 75_000, seconds: 20 }]],
      bad: ['0', '1.1', 'half'],
    },
    TENANTRY_ALERT_URL: {
      good: [['https://chat.example/hook?key=1', (config) => config.alertUrl, 'https://chat.example/hook?key=1']],
      bad: ['http://chat.example/hook', 'chat.example'],
    },
    TENANTRY_CLIENT_SECRET_EXPIRES_ON: {
      good: [['2027-03-31', (config) => config.credential.expiresAt, new Date('2027-03-31T00:00:00Z')]],
      bad: ['31.3.2027', 'soon', '2027-02-30'],
    },
    TENANTRY_CONCURRENCY: { good: [['32', (config) => config.concurrency, 32]], bad: ['0', 'many'] },
  }

for (const [name, { good, bad }] of Object.entries(CASES)) {
  const setting = name as keyof typeof SETTINGS
  test(`${setting} is understood, and explained where it is not`, () => {
    for (const [text, pick, expected] of good) assert.deepEqual(pick(read({ [setting]: text })), expected, text)
    for (const text of bad) {
      const [mistake, ...others] = mistakesOf({
        [setting]: text,
        ...(setting === 'TENANTRY_CLIENT_CERTIFICATE_FILE' ? { TENANTRY_CLIENT_SECRET: undefined } : {}),
      })
      assert.equal(mistake?.setting, setting, text)
      assert.deepEqual(others, [], text)
    }
    assert.ok(SETTINGS[setting].about.endsWith('.'))
  })
}

test('an empty setting is the same as none', () => {
  const empty = Object.fromEntries(
    Object.keys(SETTINGS)
      .filter((name) => !(name in ENOUGH))
      .map((name) => [name, '  ']),
  )
  assert.deepEqual(read(empty), read())
})

test('all mistakes are told together, from the environment and from the definition', () => {
  const mistakes = mistakesOf(
    {
      TENANTRY_CLIENT_ID: 'nonsense',
      TENANTRY_HOME_TENANT_ID: undefined,
      TENANTRY_CLIENT_SECRET: undefined,
      TENANTRY_PUBLIC_URL: 'http://connect.example',
      TENANTRY_LOG_LEVEL: 'loud',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    },
    { ...APP, publisher: '', permissions: [{ value: 'User.Read.All' }], supportEmail: 'nobody' },
  )
  assert.deepEqual(mistakes.map(({ setting }) => setting).toSorted(), [
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'TENANTRY_CLIENT_ID',
    'TENANTRY_CLIENT_SECRET',
    'TENANTRY_HOME_TENANT_ID',
    'TENANTRY_LOG_LEVEL',
    'TENANTRY_PUBLIC_URL',
    'tenantry.config.ts › permissions › 0 › reason',
    'tenantry.config.ts › publisher',
    'tenantry.config.ts › supportEmail',
  ])
  assert.equal(mistakes.find(({ setting }) => setting === 'TENANTRY_HOME_TENANT_ID')?.message, 'is missing')
})

test('each number and each choice says what it must be, in words of ours', () => {
  const told = mistakesOf({
    TENANTRY_CLOUD: 'azure',
    TENANTRY_LANDING_PORT: '65536',
    TENANTRY_GRANT_PATIENCE_MINUTES: '-3',
    TENANTRY_THROTTLE_SHARE: '2',
    TENANTRY_CONCURRENCY: '0',
    TENANTRY_METRICS_TENANTS: '1001',
  })
  assert.deepEqual(Object.fromEntries(told.map(({ setting, message }) => [setting, message])), {
    TENANTRY_CLOUD: 'must be one of public, usgov, usgov-dod, china, emulator',
    TENANTRY_LANDING_PORT: 'must be a port number, 0 to 65535',
    TENANTRY_GRANT_PATIENCE_MINUTES: 'must be a whole number of minutes above zero',
    TENANTRY_THROTTLE_SHARE: 'must be a number above 0 and at most 1',
    TENANTRY_CONCURRENCY: 'must be a whole number above zero',
    TENANTRY_METRICS_TENANTS: 'must be a whole number from 0 to 1000',
  })
})

test('what is nearly a setting is doubted, and stops nothing; names of others are left alone', () => {
  const { config, doubts } = readConfig(
    {
      ...ENOUGH,
      TENANTRY_DATABSE_URL: 'postgres://u:p@db/t',
      TENANTRY_SETTINGS_FILE: '.env',
      TENANTRY_PORT: 'tcp://10.0.0.7:3000',
      TENANTRY_SERVICE_HOST: '10.0.0.7',
      TENANTRY_PORT_3000_TCP_ADDR: '10.0.0.7',
      TENANTRY_SERVICE_PORT_HTTP: '3000',
    },
    APP,
  )
  assert.ok(config)
  assert.deepEqual(doubts, [
    {
      setting: 'TENANTRY_DATABSE_URL',
      message: 'is not a setting, and nobody reads it',
      nextStep: 'Did you mean TENANTRY_DATABASE_URL?',
    },
  ])
})

test('a property that the definition does not have is told, with the one that was probably meant', () => {
  const job = { name: 'a-job', schedule: { everyMinutes: 0 }, permissions: [3], run() {}, timeoutMinute: 5 }
  const told = mistakesOf(
    {},
    {
      ...APP,
      permissions: [{ value: 'User.Read.All', reason: 'Reads names.', unlistd: true }, 'Group.Read.All'],
      largestRemovalShares: 0.1,
      syncEveryMinutes: 'often',
      graphLimits: { appWrite: { amount: 1, seconds: 1 } },
      privacyUrl: 'javascript:alert(1)',
      colour: 'red',
      jobs: [job],
    },
  ).map(({ setting, message, nextStep }) => [setting.replace('tenantry.config.ts › ', ''), message, nextStep])
  const see = 'docs/configuration.md shows the shape of the file.'
  assert.deepEqual(
    new Set(told.map((one) => one.join(' | '))),
    new Set([
      'permissions › 0 › unlistd | is not a property of it | Did you mean unlisted?',
      `permissions › 1 | must be an object | ${see}`,
      'largestRemovalShares | is not a property of it | Did you mean largestRemovalShare?',
      `syncEveryMinutes | must be a number | ${see}`,
      'graphLimits › appWrite | is not a property of it | Did you mean appWrites?',
      `privacyUrl | must be a web address, https://… | ${see}`,
      `colour | is not a property of it | ${see}`,
      'jobs › 0 › schedule › everyMinutes | must be above 0 | docs/jobs.md shows what stands in a job.',
      'jobs › 0 › permissions › 0 | must be a text | docs/jobs.md shows what stands in a job.',
      'jobs › 0 › timeoutMinute | is not a property of it | Did you mean timeoutMinutes?',
    ]),
  )
})

test('each of Graph’s limits can be another one, of which the same share is taken', () => {
  const appWrites = { amount: 70_000, seconds: 300 }
  const { throttleLimits } = read({ TENANTRY_THROTTLE_SHARE: '0.5' }, { ...APP, graphLimits: { appWrites } })
  assert.deepEqual(throttleLimits, scaled({ ...DOCUMENTED_LIMITS, appWrites }, 0.5))
  assert.deepEqual(throttleLimits.appWrites, { amount: 35_000, seconds: 300 })
  for (const graphLimits of [
    { appWrites: { amount: 0, seconds: 300 } },
    { appWrites: 70_000 },
    { appReads: appWrites },
    { tenantUnits: { S: appWrites } },
  ])
    for (const { setting } of mistakesOf({}, { ...APP, graphLimits }))
      assert.match(setting, /^tenantry\.config\.ts › graphLimits/)
})

test('what is sound is read even beside mistakes, so that the doctor can look further', () => {
  const { config, parts } = readConfig({ ...ENOUGH, TENANTRY_LOG_LEVEL: 'loud' }, APP)
  assert.equal(config, null)
  assert.equal(parts.clientId, ENOUGH.TENANTRY_CLIENT_ID)
  assert.equal(parts.logLevel, undefined)
})

for (const app of [undefined, null, 7, [], {}, { ...APP, permissions: [] }, { ...APP, permissions: 'User.Read.All' }])
  test(`a definition that is none is a mistake and no crash: ${JSON.stringify(app)}`, () => {
    const { config, mistakes } = readConfig(ENOUGH, app)
    assert.equal(config, null)
    assert.ok(mistakes.length > 0)
    for (const { setting } of mistakes) assert.match(setting, /^tenantry\.config\.ts/)
  })

test('an unknown permission is named, with the one that was probably meant', () => {
  const [slip, stranger, ...others] = mistakesOf(
    {},
    {
      ...APP,
      permissions: [
        { value: 'User.Raed.All', reason: 'Reads names.' },
        { value: 'Group.Read.All', reason: 'Reads groups.' },
        { value: 'Unrelated.Thing.Everywhere', reason: 'Nobody knows.' },
      ],
    },
  )
  assert.match(slip?.setting ?? '', /User\.Raed\.All/)
  assert.match(slip?.nextStep ?? '', /^Did you mean User\.Read\.All\?/)
  assert.match(stranger?.setting ?? '', /Unrelated/)
  assert.doesNotMatch(stranger?.nextStep ?? '', /Did you mean/)
  assert.deepEqual(others, [])
  const newer = { value: 'Unrelated.Thing.Everywhere', reason: 'Newer than our list.', unlisted: true }
  assert.deepEqual(read({}, { ...APP, permissions: [newer] }).app.permissions, [newer])
})

for (const cloud of ['public', 'emulator'])
  test(`L03 unchecked certificates are refused, in the cloud ${cloud} too`, (t) => {
    const ca = join(temporaryFolder(t), 'ca.pem')
    writeFileSync(ca, 'a certificate')
    const change = { TENANTRY_CLOUD: cloud, TENANTRY_EMULATOR_CA_FILE: ca }
    const [mistake, ...others] = mistakesOf({ ...change, NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    assert.equal(mistake?.setting, 'NODE_TLS_REJECT_UNAUTHORIZED')
    assert.deepEqual(others, [])
    read({ ...change, NODE_TLS_REJECT_UNAUTHORIZED: '1' })
  })

test('L03 the emulator’s settings matter with the emulator only', (t) => {
  const ca = join(temporaryFolder(t), 'ca.pem')
  writeFileSync(ca, 'its certificate authority')
  const emulator = {
    TENANTRY_CLOUD: 'emulator',
    TENANTRY_EMULATOR_ORIGIN: 'https://localhost:9443',
    TENANTRY_EMULATOR_BROWSER_ORIGIN: 'http://localhost:9080',
    TENANTRY_EMULATOR_CA_FILE: ca,
  }
  const { cloud, emulatorCa } = read(emulator)
  assert.deepEqual(
    [cloud.loginOrigin, cloud.browserOrigin, cloud.graphOrigin, emulatorCa],
    ['https://localhost:9443', 'http://localhost:9080', 'https://localhost:9443', 'its certificate authority'],
  )
  const [mistake] = mistakesOf({ ...emulator, TENANTRY_EMULATOR_CA_FILE: '/nowhere/ca.pem' })
  assert.equal(mistake?.setting, 'TENANTRY_EMULATOR_CA_FILE')
  assert.match(mistake?.message ?? '', /\/nowhere\/ca\.pem/)
  const real = read({ ...emulator, TENANTRY_CLOUD: 'public', TENANTRY_EMULATOR_CA_FILE: '/nowhere' })
  assert.deepEqual(
    [real.cloud.loginOrigin, real.cloud.browserOrigin, real.cloud.graphOrigin, real.emulatorCa],
    ['https://login.microsoftonline.com', 'https://login.microsoftonline.com', 'https://graph.microsoft.com', null],
  )
})

function pemFile(
  t: TestContext,
  { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 }),
): { file: string; certificate: string; key: string } {
  const certificate = makeCertificate({
    subject: 'Northwind Insights',
    issuer: 'Northwind Insights',
    key: privateKey,
    signedWith: privateKey,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2031-01-01T00:00:00Z'),
  }).trim()
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim()
  return { file: join(temporaryFolder(t), 'app.pem'), certificate, key }
}

/** SHA-256 of the DER, which stands in base64 between the lines of a PEM. */
const thumbprintOf = (pem: string): string =>
  createHash('sha256')
    .update(Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64'))
    .digest('hex')

test('R08 a certificate is read from its file, with its thumbprint and its end', (t) => {
  const { file, certificate, key } = pemFile(t)
  for (const content of [`${certificate}\n${key}\n`, `${key}\n${certificate}`]) {
    writeFileSync(file, content)
    const { credential } = read({ TENANTRY_CLIENT_SECRET: undefined, TENANTRY_CLIENT_CERTIFICATE_FILE: file })
    assert.ok(credential.kind === 'certificate')
    assert.equal(credential.thumbprintSha256.toLowerCase(), thumbprintOf(certificate))
    assert.equal(credential.privateKey, key)
    assert.deepEqual(credential.expiresAt, new Date('2031-01-01T00:00:00Z'))
  }
})

test('a certificate whose key is not RSA is refused before Microsoft refuses it', (t) => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { file, certificate, key } = pemFile(t, pair)
  for (const written of [key, pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString()]) {
    writeFileSync(file, `${certificate}\n${written}`)
    const [mistake, ...others] = mistakesOf({
      TENANTRY_CLIENT_SECRET: undefined,
      TENANTRY_CLIENT_CERTIFICATE_FILE: file,
    })
    assert.deepEqual(others, [])
    assert.match(mistake?.message ?? '', /holds a key that is not RSA/)
    assert.match(mistake?.nextStep ?? '', /takes RSA alone/)
  }
})

test('a certificate file that lacks something, and two credentials at once, are explained without showing a key', (t) => {
  const { file, certificate, key } = pemFile(t)
  const contents: [string, RegExp][] = [
    [certificate, /no private key/],
    [key, /no certificate/],
    ['', /no certificate/],
    [`-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n${key}`, /cannot be read/],
    [`${certificate}\n-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----`, /private key that cannot be read/],
    [`${certificate}\n${otherKey()}`, /private key of another certificate/],
    [`${certificate}\n${lockedKey()}`, /private key that asks for a passphrase/],
  ]
  for (const [content, message] of contents) {
    writeFileSync(file, content)
    const change = { TENANTRY_CLIENT_SECRET: undefined, TENANTRY_CLIENT_CERTIFICATE_FILE: file }
    const [mistake, ...others] = mistakesOf(change)
    assert.match(mistake?.message ?? '', message)
    assert.deepEqual(others, [])
    assert.ok(!JSON.stringify(mistake).includes(key.split('\n')[1] ?? key))
  }
  const [both] = mistakesOf({ TENANTRY_CLIENT_CERTIFICATE_FILE: file })
  assert.match(both?.message ?? '', /together with TENANTRY_CLIENT_SECRET/)
})

const lockedKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'not-a-real-one' })
    .toString()

const otherKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

test('L01 no secret shows when the configuration or its mistakes are printed or turned into JSON', () => {
  const sessionKey = Buffer.alloc(32, 7).toString('base64')
  const password = 'Canary-db-password'
  const databaseUrl = `postgres://tenantry:${password}@db.example/tenantry`
  const alertUrl = 'https://chat.example/Canary-hook'
  const whole = read({
    TENANTRY_DATABASE_URL: databaseUrl,
    TENANTRY_SESSION_KEY: sessionKey,
    TENANTRY_ALERT_URL: alertUrl,
  })
  const broken = readConfig(
    {
      ...ENOUGH,
      TENANTRY_DATABASE_URL: `mysql://u:${password}@db/t`,
      TENANTRY_SESSION_KEY: `${SECRET}x`,
      TENANTRY_LOG_LEVEL: 'loud',
    },
    APP,
  )
  for (const value of [whole, { config: whole }, broken, broken.parts])
    for (const text of [
      inspect(value, { depth: 9 }),
      JSON.stringify(value),
      inspect([{ value }], { depth: 9, showHidden: false }),
    ])
      for (const secret of [SECRET, password, sessionKey, 'Canary-hook', '7,7,7', '7, 7, 7', '"0":7'])
        assert.ok(!text.includes(secret), text)
  assert.deepEqual(
    whole.credential,
    { kind: 'secret', secret: SECRET, expiresAt: null },
    'and still it is there for those who need it',
  )
  assert.equal(whole.databaseUrl, databaseUrl)
})
