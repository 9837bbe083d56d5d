import { html } from 'hono/html'

export type Html = ReturnType<typeof html>

const SYMBOL = html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 1.8 21 7v10l-9 5.2L3 17V7l9-5.2Zm0 4.6a3.6 3.6 0 0 0-1.5 6.9l-.9 4.3h4.8l-.9-4.3A3.6 3.6 0 0 0 12 6.4Z"/></svg>`

/** The mark says plainly that this is no real sign-in. */
const page = (title: string, body: Html): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Emulator</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/_emulator/assets/style.css">
  </head>
  <body>
    <header class="mark"><strong>Emulator</strong> of Microsoft Entra ID: for tests, on this machine only</header>
    ${body}
  </body>
</html>`

/** One quiet card in the middle: the pages that people sign in with. */
export const layout = (title: string, body: Html): Html =>
  page(title, html`<main class="card"><p class="brand">${SYMBOL} Emulated identity</p>${body}</main>`)

/** The whole width: the pages that look inside. */
export const insideLayout = (title: string, body: Html): Html =>
  page(
    title,
    html`<main class="inside">
      <nav aria-label="Inside"><a class="brand" href="/_emulator/">${SYMBOL} Inside the emulator</a><a href="/_emulator/requests/page">Requests</a><a href="/_emulator/tokens">Tokens</a><a href="/_emulator/token">Read a token</a></nav>
      ${body}
    </main>`,
  )
