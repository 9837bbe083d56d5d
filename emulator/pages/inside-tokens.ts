import { html } from 'hono/html'
import { type Html, insideLayout } from '#emulator/pages/layout.ts'

export type GivenToken = {
  kind: string
  at: string
  tenant: string
  app: string
  whose: string
  alive: boolean
  header: string
  claims: string
}

/** The tokens that were signed lately. Without a signature nobody can use them. */
export const tokensPage = (tokens: readonly GivenToken[]): Html =>
  insideLayout(
    'Tokens',
    html`<h1>Tokens given</h1>
      <section>
        <p class="soft">The last ones, newest first, decoded. Their signatures were not kept: nobody can use them.</p>
        ${
          tokens.length === 0
            ? html`<p class="soft">No token has been given yet.</p>`
            : tokens.map(
                ({ kind, at, tenant, app, whose, alive, header, claims }) => html`<details class="token">
                <summary><span class="badge">${kind}</span> <b>${app}</b> <span class="soft">${whose} in ${tenant}, ${at}</span>${alive ? '' : html` <span class="badge warn">expired</span>`}</summary>
                <pre tabindex="0" aria-label="Header">${header}</pre><pre tabindex="0" aria-label="Claims">${claims}</pre>
              </details>`,
              )
        }
      </section>`,
  )

export type ReadToken = { header: string; claims: string; verdicts: { good: boolean; words: string }[] }

export const tokenPage = (read: ReadToken | { problem: string } | null): Html =>
  insideLayout(
    'Read a token',
    html`<h1>Read a token</h1>
      <section>
        <form method="post" action="/_emulator/token">
          <label for="token">Paste an access token or ID token; it is shown to you and kept nowhere</label>
          <textarea id="token" name="token" rows="5" spellcheck="false" autocomplete="off"></textarea>
          ${read && 'problem' in read ? html`<p class="problem" role="alert">${read.problem}</p>` : ''}
          <div class="actions"><button class="primary">Read</button></div>
        </form>
      </section>
      ${
        read && 'claims' in read
          ? html`<section>
              <h2>What holds</h2>
              <p>${read.verdicts.map(({ good, words }) => html`<span class="badge ${good ? 'good' : 'warn'}">${words}</span> `)}</p>
              <h2>Header</h2><pre>${read.header}</pre>
              <h2>Claims</h2><pre>${read.claims}</pre>
            </section>`
          : ''
      }`,
  )
