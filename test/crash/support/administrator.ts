import { setTimeout as wait } from 'node:timers/promises'
import { ADMINISTRATOR } from '#test/crash/support/estate.ts'
import type { Lane } from '#test/crash/support/lane.ts'
import { openVisitor, type Page, type Visitor } from '#test/signup/support/visitor.ts'

const BETWEEN_TWO_LOOKS_MILLISECONDS = 20
const GIVES_UP_AFTER_LOOKS = 3_000

/** Somebody who wants to be read to the end and is put off by nothing: looks again, presses what can be pressed, begins anew. */
export async function signUpWhateverHappens({ emulator, landing }: Lane): Promise<void> {
  const visitor = openVisitor({ emulator, url: landing })
  for (let looks = 0; looks < GIVES_UP_AFTER_LOOKS; looks += 1) {
    const page = await undeterred(() => goOn(visitor))
    if (page?.path === '/sign-up/connected' && page.text.includes('Every page of your directory has been read.')) return
    await wait(BETWEEN_TWO_LOOKS_MILLISECONDS)
  }
  throw new Error('The administrator has given up.')
}

/** The next thing to do, by what the page says. */
async function goOn(visitor: Visitor): Promise<Page> {
  const page = await visitor.get('/sign-up/connected')
  if (page.path === '/sign-up/connected' && page.status === 200) return page
  if (page.status === 400) return visitor.arrive(ADMINISTRATOR)
  if (page.path === '/sign-up/welcome' || /Try again|Go on/.test(page.text)) return visitor.post('/sign-up/grant')
  return page
}

/** The site may be gone in between. */
async function undeterred(step: () => Promise<Page>): Promise<Page | null> {
  try {
    return await step()
  } catch {
    return null
  }
}
