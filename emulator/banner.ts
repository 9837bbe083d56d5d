import { styleText } from 'node:util'
import { DEMO, type Emulator, type EstateView } from '#emulator/index.ts'

export type Summary = {
  origin: string
  browserOrigin: string
  caFile: string | null
  proxy: string | null
} & EstateView

export const summary = (emulator: Emulator): Summary => ({
  origin: emulator.origin,
  browserOrigin: emulator.browserOrigin,
  caFile: emulator.caFile,
  proxy: emulator.proxy,
  ...emulator.estate(),
})

type Look = { isDemo: boolean; colours: boolean; milliseconds: number }
const ACCOUNTS_SHOWN = 12

/** What a person wants to know once it runs. Password and client secret are shown for the demo estate alone, where they are none. */
export function banner(facts: Summary, { isDemo, colours, milliseconds }: Look): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colours ? styleText(style, text, { validateStream: false }) : text
  const heading = (text: string) => `\n${paint('bold', text)}`
  const row = (...cells: readonly string[]) => `  ${cells.join('  ')}`.trimEnd()
  const accounts = facts.tenants.flatMap((tenant) => tenant.accounts.map((account) => ({ ...account, tenant })))
  const width = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length))
  const nameWidth = width(facts.tenants.map(({ displayName }) => displayName))
  const accountWidth = width(accounts.slice(0, ACCOUNTS_SHOWN).map(({ userPrincipalName }) => userPrincipalName))
  const more = accounts.length - ACCOUNTS_SHOWN
  return [
    '',
    `${paint(['bold', 'green'], '●')} ${paint('bold', 'Emulator of Microsoft Entra ID and Microsoft Graph')} ${paint('dim', `ready in ${Math.round(milliseconds)} ms`)}`,
    '',
    row('For programs ', paint('cyan', facts.origin)),
    row('For browsers ', paint('cyan', facts.browserOrigin)),
    row('See inside   ', paint('cyan', `${facts.browserOrigin}/_emulator/`)),
    row('Trust        ', facts.caFile ?? ''),
    ...(facts.proxy ? [row('Proxy        ', paint('cyan', facts.proxy))] : []),
    heading('Tenants'),
    ...facts.tenants.map(({ id, displayName, users, groups }) =>
      row(displayName.padEnd(nameWidth), paint('dim', id), `${count(users, 'user')}, ${count(groups, 'group')}`),
    ),
    ...(facts.applications.length > 0
      ? [heading(`Applications${isDemo ? paint('dim', `  with the secret ${DEMO.secret}`) : ''}`)]
      : []),
    ...facts.applications.map(({ appId, displayName }) => row(displayName, paint('dim', appId))),
    ...(accounts.length > 0
      ? [heading(`Accounts${isDemo ? paint('dim', `  all with the password ${DEMO.password}`) : ''}`)]
      : []),
    ...accounts
      .slice(0, ACCOUNTS_SHOWN)
      .map(({ userPrincipalName, roles }) =>
        row(userPrincipalName.padEnd(accountWidth), paint('dim', roles.join(', ') || 'ordinary user')),
      ),
    ...(more > 0 ? [row(paint('dim', `and ${more} more`))] : []),
    '',
    paint('dim', 'Stop with Ctrl+C.'),
    '',
  ].join('\n')
}

const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
