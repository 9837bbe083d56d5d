import { html } from 'hono/html'
import type { User } from '#emulator/directory/types.ts'
import { type Html, layout } from '#emulator/pages/layout.ts'
import { actions, form, problem, type Shown, who } from '#emulator/pages/sign-in.ts'

/** The second factor. That it is always the same stands on the page: it keeps nobody out, it lets a test pass. */
export const codePage = ({ id, problem: wrong }: Shown, user: User, code: string): Html =>
  layout(
    'Enter code',
    html`${who(user)}
      <h1>Enter code</h1>
      <p class="soft">Type the code of your authenticator app. In this emulator it is always <code>${code}</code>.</p>
      ${form(
        id,
        html`${problem(wrong)}
          <label for="otc">Code</label>
          <input id="otc" name="otc" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="6" aria-describedby="${wrong ? 'problem' : ''}" autofocus>
          ${actions('Verify', 'verify')}`,
      )}`,
  )

export const setUpPage = ({ id }: Shown, user: User): Html =>
  layout(
    'More information required',
    html`${who(user)}
      <h1>More information required</h1>
      <p>Your organization needs more information to keep your account secure: a second factor beside your password.</p>
      <p class="soft">A real account would add an authenticator app or a phone now. Here, Next is enough.</p>
      ${form(id, actions('Next', 'next'))}`,
  )

export const newPasswordPage = ({ id, username, problem: wrong }: Shown): Html =>
  layout(
    'Update your password',
    html`<h1>Update your password</h1>
      <p class="soft">The password of ${username} has expired. Choose another one.</p>
      ${form(
        id,
        html`${problem(wrong)}
          <label for="newpasswd">New password</label>
          <input id="newpasswd" name="newpasswd" type="password" autocomplete="new-password" aria-describedby="${wrong ? 'problem' : ''}" autofocus>
          <label for="confirmpasswd">New password again</label>
          <input id="confirmpasswd" name="confirmpasswd" type="password" autocomplete="new-password">
          ${actions('Sign in', 'signin')}`,
      )}`,
  )
