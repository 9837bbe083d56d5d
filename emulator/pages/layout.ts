import { html } from 'hono/html'

type Html = ReturnType<typeof html>

/** One quiet card in the middle; the mark says plainly that this is no real sign-in. */
export const layout = (
  title: string,
  body: Html,
  { wide = false }: { wide?: boolean } = {},
): Html => html`<!doctype html>
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
    <p class="mark" role="note"><strong>Emulator</strong> of Microsoft Entra ID: for tests, on this machine only</p>
    <main class="${wide ? 'card wide' : 'card'}">${body}</main>
  </body>
</html>`
