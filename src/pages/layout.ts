import { html, raw } from 'hono/html'
import type { AppDefinition } from '#model/app.ts'
import type { Assets } from '#pages/assets.ts'
import type { Html } from '#pages/html.ts'

/** What all pages of one site have in common. */
export type Site = {
  app: AppDefinition
  assets: Assets
  /** Stands behind every title and beside the name, for example "Console". */
  label?: string
  /** More links for the foot of every page. */
  footer?: Html
}

export type Page = {
  title: string
  body: Html
  /** `reading`: one column of text; `wide`: lists and pictures side by side; `dense`: as wide as a table likes. */
  width?: 'reading' | 'wide' | 'dense'
  /** The site's navigation, between the name and the account. */
  nav?: Html
  /** Who is signed in and how to sign out. */
  account?: Html
  /** The page is asked for again after so many seconds: loaded anew without script, and with it only what differs is exchanged. */
  refreshSeconds?: number
  /** Where the page goes on to by itself, at once. */
  onwardTo?: string
}

/** A whole page: who speaks, what is said, whom to ask. */
export const layout = (site: Site, page: Page): Html => {
  const { app, assets } = site
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>${plain(page.title)} · ${app.name}${site.label ? ` ${site.label}` : ''}</title>
    <link rel="icon" href="${iconOf(app.name)}">
    ${assets.styles.map((path) => html`<link rel="stylesheet" href="${path}">`)}
    ${assets.scripts.map((path) => html`<script src="${path}" defer></script>`)}
    ${page.refreshSeconds && html`<noscript><meta http-equiv="refresh" content="${page.refreshSeconds}"></noscript>`}
    ${page.onwardTo && html`<meta http-equiv="refresh" content="0;url=${page.onwardTo}">`}
  </head>
  <body class="${page.width ?? 'reading'}">
    <a class="skip" href="#main">Skip to the content</a>
    ${masthead(site, page)}
    <main id="main" tabindex="-1" ${page.refreshSeconds ? raw(`data-refresh="${page.refreshSeconds}"`) : ''}>${page.body}</main>
    ${foot(site)}
  </body>
</html>`
}

const masthead = ({ app, label }: Site, { nav, account }: Page) => html`
  <header class="masthead">
    <div class="measure">
      <a class="brand" href="/">
        <span class="monogram" aria-hidden="true">${initialOf(app.name)}</span>
        <span class="brand-words"><strong>${app.name}</strong> <span>${label ?? html`by ${app.publisher}`}</span></span>
      </a>
      ${nav}
      ${account && html`<div class="account">${account}</div>`}
    </div>
  </header>`

const foot = ({ app, footer }: Site) => html`
  <footer class="foot">
    <div class="measure">
      <p>${app.publisher}</p>
      <ul class="links">
        ${footer}
        ${app.privacyUrl && html`<li><a href="${app.privacyUrl}" rel="noreferrer">Privacy</a></li>`}
        ${app.termsUrl && html`<li><a href="${app.termsUrl}" rel="noreferrer">Terms</a></li>`}
        ${app.supportEmail && html`<li><a href="mailto:${app.supportEmail}">Support</a></li>`}
      </ul>
    </div>
  </footer>`

/** Names come from strangers: what turns the direction of writing has no place in a title, where nothing can isolate it. */
const plain = (text: string): string => text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')

const initialOf = (name: string): string => [...name.trim()][0]?.toUpperCase() ?? '·'

const iconOf = (name: string): string => {
  const letter = initialOf(name).replace(/[<>&]/g, '·')
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2f4ac4"/><text x="16" y="22.5" font-family="Inter,system-ui,sans-serif" font-size="18" font-weight="700" text-anchor="middle" fill="#fff">${letter}</text></svg>`
  return `data:image/svg+xml,${encodeURIComponent(picture)}`
}
