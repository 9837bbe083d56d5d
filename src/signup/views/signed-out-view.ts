import { html } from 'hono/html'
import type { AppDefinition } from '#model/app.ts'
import { buttonLink } from '#pages/components/button.ts'
import type { Page } from '#pages/layout.ts'

/** The same for whoever stopped and whoever finished, since granting goes on without a browser. */
export const signedOutView = (app: AppDefinition): Page => ({
  title: 'You are signed out',
  body: html`
    <div class="stack roomy">
      <div class="stack">
        <h1>You are signed out</h1>
        <p class="lead">This browser has forgotten your sign-in. What you accepted at Microsoft, and what you granted here, stays as it is.</p>
      </div>
      <p>To take it back, remove ${app.name} from your enterprise applications: <a href="/leave">how to leave, step by step</a>.</p>
      <div>${buttonLink('To the first page', '/')}</div>
    </div>`,
})
