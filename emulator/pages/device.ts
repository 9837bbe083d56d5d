import { html } from 'hono/html'
import { type Html, layout } from '#emulator/pages/layout.ts'

/** Where the code of a device is typed in. */
export const devicePage = (userCode: string, problem: string | null): Html =>
  layout(
    'Enter code',
    html`<h1>Enter code</h1>
      <p class="soft">Enter the code that your app or device shows.</p>
      <form method="post" action="/common/oauth2/deviceauth">
        ${problem ? html`<p class="problem" id="problem" role="alert">${problem}</p>` : ''}
        <label for="user_code">Code</label>
        <input id="user_code" name="user_code" type="text" value="${userCode}" autocomplete="off" autocapitalize="characters" spellcheck="false" ${problem ? html`aria-describedby="problem"` : ''} autofocus>
        <div class="actions"><button class="primary">Next</button></div>
      </form>`,
  )

export const deviceDonePage = (isDone: boolean): Html =>
  layout(
    isDone ? 'Signed in on your device' : 'Not signed in',
    html`<h1>${isDone ? 'You have signed in on your device' : 'You did not sign in on your device'}</h1>
      <p class="soft">You may close this page.</p>`,
  )
