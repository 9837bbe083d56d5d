// Writes the parts of the documents that are made from the program: `node scripts/write-docs.ts`. With --check it writes
// nothing and ends with 1 when one of them is stale; --folder DIR does either in a copy of the repository's documents.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { SETTINGS } from '#config/settings.ts'
import { AADSTS as EMULATED } from '#emulator/entra/aadsts.ts'
import { UNCONFIRMED } from '#emulator/entra/unconfirmed.ts'
import { WITNESSES } from '#emulator/test/entra/aadsts/index.ts'
import { UNCONFIRMED_PAGES } from '#emulator/test/graph/permission-pages.ts'
import { AADSTS } from '#entra/aadsts.ts'
import { CLOUDS } from '#model/cloud.ts'
import type { Diagnosis } from '#model/problem.ts'
import { restMinutes } from '#model/rest.ts'
import { MOVES, TENANT_STATES } from '#model/tenant.ts'
import { EMULATOR, type Room, SRC, WITHIN } from '#test/rooms.ts'

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, folder: { type: 'string', default: '' } },
})
const root = join(import.meta.dirname, '..')
const folder = values.folder || root

type Setting = { name: string; about: string; required: boolean; standard: string | null }

const settings: readonly Setting[] = Object.entries(SETTINGS).map(([name, { check, about }]) => {
  const unset = check.safeParse(undefined)
  return { name, about, required: !unset.success, standard: unset.data === undefined ? null : String(unset.data) }
})

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const code = (text: string): string => `\`${text}\``
const codes = (texts: readonly string[]): string => texts.map(code).join(', ')

const roomTable = (rooms: Record<string, Room>): string =>
  table(
    ['room', 'what it is for', 'may use', 'outside packages that live there'],
    Object.entries(rooms).map(([name, { about, imports, packages }]) => [
      code(name),
      about,
      codes(imports),
      codes(packages),
    ]),
  )

/** A flow is called what its file is called. */
const verbsOf = (name: string): string[] =>
  readdirSync(join(root, 'src/flows', name))
    .map((file) => basename(file, '.ts'))
    .toSorted()

const emulatedCodes = (Object.keys(EMULATED).map(Number) as (keyof typeof EMULATED)[]).map((number) => {
  const [status, error, text] = EMULATED[number]
  const witnesses = WITNESSES.filter((witness) => witness.code === number)
  const clients = [...new Set(witnesses.map(({ client }) => client))].join(', ')
  const filled = text.replace(/'?\{\d\}'?(\(\{\d\}\))?/g, '…')
  const guessed = (UNCONFIRMED[number] ?? []).join(', ')
  return [code(`AADSTS${number}`), `${status} ${code(error)}`, filled, guessed, witnesses[0]?.when ?? '', clients]
})

/** When the daemon asks again by itself. */
function nextTry(failure: Pick<Diagnosis, 'owner' | 'retry'>): string {
  const minutes = restMinutes(failure)
  if (minutes > 0) return minutes < 24 * 60 ? 'after an hour' : 'after a day'
  return failure.retry === 'never' ? 'next turn' : 'soon'
}

/** What the Azure CLI calls them: `az cloud list`. It has one name for both of the US government’s. */
const AZ_NAMES: Record<keyof typeof CLOUDS, string> = {
  public: 'AzureCloud',
  usgov: 'AzureUSGovernment',
  'usgov-dod': 'AzureUSGovernment',
  china: 'AzureChinaCloud',
}

/** Each part by its name, as it stands between `<!-- name -->` and `<!-- /name -->`. */
const PARTS: Record<string, string> = {
  settings: table(
    ['setting', 'unless set', 'what it is'],
    settings.map(({ name, about, required, standard }) => [
      code(name),
      required ? '**required**' : standard === null ? '' : code(standard),
      about,
    ]),
  ),
  moves: table(
    ['from', 'to'],
    TENANT_STATES.map((state) => [code(state), codes(MOVES[state])]),
  ),
  clouds: table(
    ['`TENANTRY_CLOUD`', 'sign-in', 'Graph', 'portal', 'az'],
    Object.entries(CLOUDS).map(([name, { loginOrigin, graphOrigin, portalOrigin }]) => [
      code(name),
      ...[loginOrigin, graphOrigin, portalOrigin].map((origin) => code(new URL(origin ?? '').host)),
      code(AZ_NAMES[name as keyof typeof CLOUDS]),
    ]),
  ),
  rooms: roomTable(SRC),
  flows: table(
    ['room', 'may use', 'its files'],
    Object.entries(WITHIN.flows).map(([name, imports]) => [code(name), codes(imports), codes(verbsOf(name))]),
  ),
  'emulator-rooms': roomTable(EMULATOR),
  'emulator-aadsts': table(['code', 'answer', 'text', 'unconfirmed', 'arises when', 'provoked by'], emulatedCodes),
  'unconfirmed-pages': UNCONFIRMED_PAGES.map(({ what, why }) => `- ${what}: ${why}`).join('\n'),
  aadsts: table(
    ['Microsoft’s code', 'ours', 'who mends it', 'next try', 'what happened', 'what to do next'],
    Object.entries(AADSTS).map(([number, { code: ours, owner, retry, message, nextStep }]) => [
      code(`AADSTS${number}`),
      code(ours),
      owner,
      nextTry({ owner, retry }),
      message,
      nextStep,
    ]),
  ),
}

const envExample = [
  '# Copy this file to .env and fill it in: `tenantry` reads it from the folder that it is started in. What is commented',
  '# out shows what holds unless set. Never commit .env.',
  ...settings.flatMap(({ name, about, required, standard }) => [
    '',
    `# ${about}`,
    required ? `${name}=` : `# ${name}=${standard ?? ''}`,
  ]),
  '',
].join('\n')

const FILES: Record<string, (text: string) => string> = {
  'docs/configuration.md': withParts,
  'docs/house.md': withParts,
  'docs/errors.md': withParts,
  'docs/real-entra.md': withParts,
  'docs/emulator-aadsts.md': withParts,
  'docs/parity.md': withParts,
  '.env.example': () => envExample,
}

function withParts(text: string): string {
  return text.replace(/(<!-- ([a-z-]+) -->\n)[\s\S]*?(<!-- \/\2 -->)/g, (_whole, begin, name, end) => {
    const part = PARTS[name]
    if (part === undefined) throw new Error(`No part of the documents is called ${name}.`)
    return `${begin}\n${part}\n\n${end}`
  })
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

for (const [name, make] of Object.entries(FILES)) {
  const file = join(folder, name)
  const found = read(file)
  const wanted = make(found)
  if (found === wanted) continue
  if (!values.check) writeFileSync(file, wanted)
  else process.exitCode = 1
  console.log(values.check ? `${name} is stale: run node scripts/write-docs.ts` : `${name} written`)
}
