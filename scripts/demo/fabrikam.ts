import { setTimeout as pause } from 'node:timers/promises'
import { DEMO } from '#emulator/estate/demo.ts'
import { EMULATOR_BROWSER, LANDING } from './places.ts'
import { openVisitor, type Page, type Visitor } from './visitor.ts'

const POLL_MILLISECONDS = 200
const PATIENCE_MILLISECONDS = 60_000

/** Fabrikam's Global Administrator signs her tenant up, through the pages that a person would see. */
export async function signFabrikamUp(tell: (line: string) => void): Promise<void> {
  const grace = openVisitor()
  expect(await grace.open(LANDING), LANDING, '/')
  await grace.submit('/sign-up')
  await signIn(grace)
  expect(grace.page(), LANDING, '/sign-up/welcome')
  tell('Grace Admin of Fabrikam signed in and consented: a service principal appeared in her tenant')
  await grace.submit('/sign-up/grant')
  const patience = Date.now() + PATIENCE_MILLISECONDS
  while ((await grace.open(`${LANDING}/sign-up/connected`)).url.pathname !== '/sign-up/connected') {
    if (Date.now() > patience) throw stuck(grace.page())
    await pause(POLL_MILLISECONDS)
  }
  expect(grace.page(), LANDING, '/sign-up/connected')
  tell('She pressed “Grant”: app roles were assigned, and a fresh app-only token carried them all')
}

async function signIn(grace: Visitor): Promise<void> {
  const { origin, pathname } = grace.page().url
  if (origin !== EMULATOR_BROWSER) throw stuck(grace.page())
  await grace.submit(pathname, { loginfmt: 'grace@fabrikam.onmicrosoft.com', action: 'next' })
  await grace.submit(pathname, { passwd: DEMO.password, action: 'signin' })
  await grace.submit(pathname, { onBehalfOf: 'organization', action: 'accept' })
}

function expect(page: Page, origin: string, pathname: string): void {
  if (page.status !== 200 || page.url.origin !== origin || page.url.pathname !== pathname) throw stuck(page)
}

const stuck = ({ status, url, heading }: Page) =>
  new Error(`The journey ended at ${url.origin}${url.pathname} with status ${status}: “${heading}”.`)
