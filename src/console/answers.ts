import type { Context } from 'hono'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import { problemAnswer } from '#console/api/problem-answer.ts'
import type { Door, Env } from '#console/door.ts'
import { problemStatus, problemTitle, type Status } from '#console/problem-words.ts'
import { ownerInWords } from '#console/views/owner.ts'
import { plainView } from '#console/views/plain-view.ts'
import type { Operator } from '#model/administrator.ts'
import { type Diagnosis, diagnose, Problem } from '#model/problem.ts'
import { action, buttonLink } from '#pages/components/button.ts'
import { diagnosisCard } from '#pages/components/diagnosis-card.ts'
import { notice } from '#pages/components/notice.ts'
import { prose } from '#pages/components/prose.ts'
import type { Refusal } from '#pages/guard.ts'
import type { Html } from '#pages/html.ts'
import { layout, type Page } from '#pages/layout.ts'
import { tooOften } from '#pages/too-often.ts'

export type Section = 'overview' | 'tenants' | 'jobs' | 'incidents' | 'audit'
/** `section`: where in the navigation it stands. */
export type ConsolePage = Page & { section?: Section }

const SECTIONS: readonly { section: Section; name: string; path: string }[] = [
  { section: 'overview', name: 'Overview', path: '/' },
  { section: 'tenants', name: 'Tenants', path: '/tenants' },
  { section: 'jobs', name: 'Jobs', path: '/jobs' },
  { section: 'incidents', name: 'Incidents', path: '/incidents' },
  { section: 'audit', name: 'Audit', path: '/audit' },
]
const API = '/api/'
const RETRY_AFTER_SECONDS = 30

/** A page of this site; with navigation, and what the last action did, once somebody is signed in. */
export async function show(
  c: Context<Env>,
  { site, sessions }: Door,
  { section, body, ...page }: ConsolePage,
  status: Status = 200,
): Promise<Response> {
  const operator: Operator | undefined = c.get('operator')
  if (!operator) return c.html(layout(site, { ...page, body }), status)
  const flash = await sessions.told(c)
  return c.html(
    layout(site, {
      width: 'dense',
      ...page,
      nav: navigation(section),
      account: account(operator),
      body: html`${flash && html`<div class="flash" role="status">${notice(flash.tone, flash.title, prose(flash.text))}</div>`}${body}`,
    }),
    status,
  )
}

/** What went wrong, with the status that fits: to people a page, to programs problem+json. What nobody expected is logged. */
export function showProblem(c: Context<Env>, door: Door, thrown: unknown): Promise<Response> | Response {
  if (thrown instanceof HTTPException) return showMalformed(c, door)
  if (!(thrown instanceof Problem)) door.tools.log.error({ err: thrown, path: c.req.path }, 'a page failed')
  const diagnosis = diagnose(thrown)
  const status = problemStatus(diagnosis)
  if (status === 503) c.header('retry-after', String(diagnosis.retryAfterSeconds ?? RETRY_AFTER_SECONDS))
  if (c.req.path.startsWith(API)) return problemAnswer(c, diagnosis, status)
  return show(c, door, problemPage(c, diagnosis), status)
}

/** What the framework could not even parse. */
function showMalformed(c: Context<Env>, door: Door): Promise<Response> | Response {
  const [title, text] = ['That could not be read', 'What was sent is not in the form that its type promises.']
  return c.req.path.startsWith(API)
    ? problemAnswer(c, { code: 'REQUEST_INVALID', owner: 'operator', message: `${title}.`, nextStep: text }, 400)
    : show(c, door, plainView(title, text), 400)
}

const problemPage = (c: Context<Env>, diagnosis: Diagnosis): ConsolePage => {
  const title = problemTitle(diagnosis)
  const again = c.get('operator')
    ? html`<div>${buttonLink('All tenants', '/tenants')}</div>`
    : action('/sign-in', 'Sign in again', { look: 'primary' })
  return {
    title,
    width: 'reading',
    body: html`<div class="stack roomy" ${c.get('operator') ? '' : html`data-forget-address`}><h1>${title}</h1>${diagnosisCard(diagnosis, dressOf(c, diagnosis))}${again}</div>`,
  }
}

/** What is not there is nobody’s fault, and nobody has to mend it. */
const dressOf = (c: Context<Env>, diagnosis: Diagnosis): Parameters<typeof diagnosisCard>[1] => {
  if (problemStatus(diagnosis) === 404) return { tone: 'info', owner: null }
  return c.get('operator') ? { owner: ownerInWords(diagnosis.owner) } : {}
}

const REFUSALS: Record<Refusal, [status: Status, title: string, text: string]> = {
  'foreign-host': [421, 'This is not the right address', 'The console answers only under its own name.'],
  'cross-site': [
    403,
    'This was not sent from the console',
    'Another site sent this form, or it was not marked as application/json. Nothing was done.',
  ],
  'too-large': [413, 'That was too much', 'More was sent than any form of the console holds. Nothing was done.'],
}

/** No, in words, before any page of ours was looked at. */
export function showRefusal(c: Context<Env>, door: Door, refusal: Refusal): Promise<Response> | Response {
  const [status, title, text] = REFUSALS[refusal]
  return c.req.path.startsWith(API)
    ? problemAnswer(c, { code: 'REQUEST_REFUSED', owner: 'operator', message: `${title}.`, nextStep: text }, status)
    : show(c, door, plainView(title, text), status)
}

export const showTooOften = (c: Context<Env>, door: Door): Promise<Response> =>
  show(c, door, plainView(...tooOften(c.req.method, 'Nothing was done')), 429)

export async function showNowhere(c: Context<Env>, door: Door): Promise<Response> {
  const [title, text] = ['There is no such page', 'The address may be mistyped.']
  if (c.req.path.startsWith(API))
    return problemAnswer(c, { code: 'NOT_FOUND', owner: 'operator', message: `${title}.`, nextStep: text }, 404)
  await recognise(c, door)
  return show(c, door, plainView(title, text), 404)
}

export async function showNotThatWay(c: Context<Env>, door: Door, methods: readonly string[]): Promise<Response> {
  const allowed = methods.join(', ')
  c.header('allow', allowed)
  const title = 'That is not possible here'
  const nextStep = `This address takes ${allowed}.`
  if (c.req.path.startsWith(API))
    return problemAnswer(c, { code: 'REQUEST_REFUSED', owner: 'operator', message: `${title}.`, nextStep }, 405)
  await recognise(c, door)
  const text = 'Nothing was done: this address cannot be opened by itself. A button of the console leads to it.'
  return show(c, door, plainView(title, text), 405)
}

/** A page without a route of its own shows whoever is signed in the way on, too. */
async function recognise(c: Context<Env>, { sessions }: Door): Promise<void> {
  const session = await sessions.current(c)
  if (session) c.set('operator', session.operator)
}

const navigation = (current: Section | undefined): Html => html`
  <nav aria-label="Console">
    <ul>${SECTIONS.map(
      ({ section, name, path }) =>
        html`<li><a href="${path}" ${section === current ? html`aria-current="page"` : ''}>${name}</a></li>`,
    )}</ul>
  </nav>`

const account = ({ name, username }: Operator): Html => html`
  <span class="who" title="${username}">${name || username}</span>
  ${action('/sign-out', 'Sign out', { look: 'quiet' })}`
