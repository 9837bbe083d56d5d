import { html } from 'hono/html'
import type { Application, Tenant, User } from '#emulator/directory/types.ts'
import { type Html, layout } from '#emulator/pages/layout.ts'

export type Shown = { id: string; username: string; problem: string | null }
export type DemoAccount = { name: string; role: string; tenant: string }

export const problem = (text: string | null) =>
  text ? html`<p class="problem" id="problem" role="alert">${text}</p>` : ''
const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? '')
    .join('')
export const who = ({ displayName, userPrincipalName }: User, tenant?: Tenant) =>
  html`<p class="who"><b aria-hidden="true">${initials(displayName)}</b><span>${userPrincipalName}${tenant ? ` · ${tenant.displayName}` : ''}</span></p>`
export const form = (id: string, body: Html) => html`<form method="post" action="/_signin/${id}">${body}</form>`
/** The primary button comes first, as the one that Enter presses; the style puts it last to the eye. */
export const actions = (primary: string, value: string, other = 'Cancel', otherValue = 'cancel') =>
  html`<div class="actions"><button class="primary" name="action" value="${value}">${primary}</button><button name="action" value="${otherValue}" formnovalidate>${other}</button></div>`

export const accountPage = (
  { id, username, problem: wrong }: Shown,
  appName: string,
  demo: readonly DemoAccount[],
): Html =>
  layout(
    'Sign in',
    html`<h1>Sign in</h1>
      <p class="soft">to continue to ${appName}</p>
      ${form(
        id,
        html`${problem(wrong)}
          <label for="loginfmt">Account</label>
          <input id="loginfmt" name="loginfmt" type="email" value="${username}" autocomplete="username" spellcheck="false" placeholder="name@company.com" aria-describedby="${wrong ? 'problem' : ''}" autofocus>
          ${actions('Next', 'next')}`,
      )}
      <details class="demo">
        <summary>Accounts of this emulator</summary>
        ${demo.map((account) =>
          form(
            id,
            html`<button class="row" name="loginfmt" value="${account.name}"><b aria-hidden="true">${initials(account.role)}</b><span>${account.name}<small>${account.role} · ${account.tenant}</small></span></button>`,
          ),
        )}
      </details>`,
  )

export const passwordPage = ({ id, username, problem: wrong }: Shown, appName: string): Html =>
  layout(
    'Enter password',
    html`<h1>Enter password</h1>
      <p class="soft">of ${username}, to continue to ${appName}</p>
      ${form(
        id,
        html`${problem(wrong)}
          <label for="passwd">Password</label>
          <input id="passwd" name="passwd" type="password" autocomplete="current-password" aria-describedby="${wrong ? 'problem' : ''}" autofocus>
          ${actions('Sign in', 'signin', 'Other account', 'other')}`,
      )}`,
  )

export const pickPage = ({ id }: Shown, appName: string, users: readonly User[]): Html =>
  layout(
    'Pick an account',
    html`<h1>Pick an account</h1>
      <p class="soft">to continue to ${appName}</p>
      ${form(
        id,
        html`${users.map((user) => html`<button class="row" name="account" value="${user.id}"><b aria-hidden="true">${initials(user.displayName)}</b><span>${user.displayName}<small>${user.userPrincipalName}</small></span></button>`)}
          <button class="row" name="action" value="other"><b aria-hidden="true">+</b><span>Use another account</span></button>
          <div class="actions"><button name="action" value="cancel">Cancel</button></div>`,
      )}`,
  )

type ConsentParts = {
  interaction: Shown
  application: Application
  tenant: Tenant
  user: User
  permissions: readonly { name: string; description: string }[]
}

const whoAsks = ({ application, tenant, user }: ConsentParts) =>
  html`${who(user, tenant)}
    <h1>${application.displayName}</h1>
    <p>${
      application.verifiedPublisher
        ? html`<span class="badge good">Verified</span> ${application.verifiedPublisher.displayName}`
        : html`<span class="badge warn">Unverified</span> <span class="soft">${application.publisherDomain}</span>`
    }</p>
    ${application.tenantId === tenant.id ? '' : html`<p class="soft">This application is not published by your organization.</p>`}`

const list = (permissions: ConsentParts['permissions']) =>
  permissions.map(({ name, description }) => html`<details><summary>${name}</summary><p>${description}</p></details>`)

/** Where the publisher says what becomes of the data; only addresses of the web are made links. */
const statements = ({ info }: Application) => {
  const links = [
    { words: 'terms of service', address: info.termsOfServiceUrl },
    { words: 'privacy statement', address: info.privacyStatementUrl },
  ].filter(({ address }) => address !== null && /^https?:\/\//.test(address))
  return links.length === 0
    ? 'The publisher has not provided links to its terms.'
    : html`See its ${links.map(({ words, address }, index) => html`${index > 0 ? ' and ' : ''}<a href="${address}" rel="noreferrer">${words}</a>`)}.`
}

export const consentPage = (parts: ConsentParts & { forAll: boolean; alwaysForAll: boolean }): Html =>
  layout(
    'Permissions requested',
    html`${whoAsks(parts)}
      <h2>${parts.alwaysForAll ? 'Permissions requested for your organization' : 'Permissions requested'}</h2>
      <p class="soft">This app would like to:</p>
      ${list(parts.permissions)}
      ${form(
        parts.interaction.id,
        html`${
          parts.forAll
            ? html`<label class="check"><input type="checkbox" name="onBehalfOf" value="organization"><span>Consent on behalf of your organization</span></label>`
            : ''
        }
          <p class="soft">Accept only if you trust ${parts.application.displayName}. ${statements(parts.application)}</p>
          <p class="soft">Accepting means that you allow this app to use what is listed${parts.alwaysForAll ? ' for all users of your organization' : ''}.</p>
          ${actions('Accept', 'accept')}`,
      )}`,
  )

const WHY = {
  90094: (app: string) =>
    `${app} needs permission to access resources in your organization that only an admin can grant.`,
  90093: () => 'An administrator of your organization has set a policy that keeps people from granting permissions.',
  900941: (app: string) => `${app} is considered risky because its publisher is not verified.`,
} as const

export const approvalPage = (parts: ConsentParts & { reason: keyof typeof WHY; mayRequest: boolean }): Html =>
  layout(
    parts.mayRequest ? 'Approval required' : 'Need admin approval',
    html`${whoAsks(parts)}
      <h2>${parts.mayRequest ? 'Approval required' : 'Need admin approval'}</h2>
      <p>${WHY[parts.reason](parts.application.displayName)} Ask an admin to grant permission to this app before you can use it.</p>
      ${list(parts.permissions)}
      ${form(
        parts.interaction.id,
        html`${
          parts.mayRequest
            ? html`<label for="justification">Why do you need this app?</label><textarea id="justification" name="justification" rows="3"></textarea>`
            : ''
        }
          <button class="row" name="action" value="other">Have an admin account? Sign in with that account</button>
          ${
            parts.mayRequest
              ? actions('Request approval', 'request')
              : html`<div class="actions"><button name="action" value="cancel">Return to the application without granting consent</button></div>`
          }`,
      )}`,
  )

/** Known, but kept out by a policy. */
const BLOCKED: readonly number[] = [53000, 53003]

export type SupportDetails = { requestId: string; correlationId: string; timestamp: string }

export const errorPage = (
  code: number,
  message: string,
  { requestId, correlationId, timestamp }: SupportDetails,
): Html =>
  layout(
    'Sign-in failed',
    html`<h1>${BLOCKED.includes(code) ? 'You cannot access this right now' : 'Sorry, but we’re having trouble signing you in.'}</h1>
      ${BLOCKED.includes(code) ? html`<p>Your sign-in was successful but does not meet the criteria to access this resource.</p>` : ''}
      <p class="code">AADSTS${code}: ${message}</p>
      <p class="soft">${BLOCKED.includes(code) ? 'A policy of your organization decides this. Ask your administrator.' : 'Go back to the application and start again.'}</p>
      <p class="soft details">Request Id: ${requestId}<br>Correlation Id: ${correlationId}<br>Timestamp: ${timestamp}</p>`,
  )

/** What `error_uri` of a refusal leads to. */
export const codeHelpPage = (code: number | null, message: string): Html =>
  layout(
    code === null ? 'Unknown code' : `AADSTS${code}`,
    html`<h1>${code === null ? 'Unknown code' : `AADSTS${code}`}</h1>
      <p class="code">${message}</p>
      <p class="soft">Where “…” stands, the answer to a program names what it is about.</p>`,
  )

export const signedOutPage = (): Html =>
  layout('Signed out', html`<h1>You signed out of your account</h1><p class="soft">You may close this page.</p>`)

export const formPostPage = (action: string, fields: Readonly<Record<string, string>>): Html =>
  layout(
    'One moment',
    html`<h1>One moment</h1>
      <form method="post" action="${action}" id="answer">
        ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
        <button class="primary">Continue</button>
      </form>
      <script src="/_emulator/assets/submit.js" defer></script>`,
  )
