import { updateSecurity } from '#emulator/directory/security.ts'
import type { User } from '#emulator/directory/types.ts'
import { findUserByName, updateUser } from '#emulator/directory/users.ts'
import { checkPassword } from '#emulator/entra/clients/check-password.ts'
import { MFA, SECOND_FACTOR } from '#emulator/entra/conditional-access.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { Account, Interaction, Session } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

type Form = Readonly<Record<string, string>>

/** What a refused password is called on the page; the codes are for programs. */
const WORDS: Partial<Record<number, string>> = {
  50053:
    'Your account is temporarily locked to prevent unauthorized use. Try again later, and if you still have trouble, contact your admin.',
  50057: 'Your account has been locked or disabled. Contact your administrator.',
  50126: 'Your account or password is incorrect.',
}

export function giveAccount(world: World, interaction: Interaction, form: Form): Interaction {
  const username = (form.loginfmt ?? '').trim()
  if (username === '')
    return Object.assign(interaction, { username, problem: 'Enter the address of your account.', step: 'account' })
  return findUserByName(world.directory, username)
    ? Object.assign(interaction, { username, problem: null, step: 'password' })
    : Object.assign(interaction, {
        username,
        problem: 'We could not find an account with that address.',
        step: 'account',
      })
}

/** @returns whether the person is known now */
export function givePassword(world: World, session: Session, interaction: Interaction, form: Form): boolean {
  const user = findUserByName(world.directory, interaction.username)
  try {
    if (!user) throw new EntraError(50126)
    checkPassword(world, user, form.passwd)
  } catch (error) {
    if (!(error instanceof EntraError)) throw error
    if (error.code === 50055) Object.assign(interaction, { step: 'new-password', problem: null })
    else Object.assign(interaction, { problem: WORDS[error.code] ?? error.message })
    return false
  }
  signedIn(world, session, interaction, user)
  return true
}

/** The old password has run out, and was right. */
export function giveNewPassword(world: World, session: Session, interaction: Interaction, form: Form): boolean {
  const user = findUserByName(world.directory, interaction.username)
  const password = form.newpasswd ?? ''
  const problem =
    password.length < 8
      ? 'The new password must have eight characters or more.'
      : password === user?.password
        ? 'Choose a password that you have not used before.'
        : password !== form.confirmpasswd
          ? 'The two passwords are not the same.'
          : null
  if (!user || problem) return Object.assign(interaction, { problem }) && false
  updateUser(world.directory, user.tenantId, user.id, { password })
  updateSecurity(world.directory, user.tenantId, user.id, { passwordExpired: false })
  signedIn(world, session, interaction, user)
  return true
}

/** The second factor is set up; its code comes next. */
export function setUp(world: World, interaction: Interaction): false {
  const { user } = interaction
  if (user) updateSecurity(world.directory, user.tenantId, user.id, { hasSecondFactor: true })
  Object.assign(interaction, { step: 'code', problem: null })
  return false
}

export function giveCode(session: Session, interaction: Interaction, form: Form): boolean {
  const { user } = interaction
  if (!user || form.otc?.trim() !== SECOND_FACTOR)
    return Object.assign(interaction, { problem: 'That code is not right. Try again.' }) && false
  const signIn = { ...user.signIn, methods: [...user.signIn.methods, MFA] }
  remember(session, interaction, { ...user, signIn })
  return true
}

function signedIn({ clock }: World, session: Session, interaction: Interaction, { tenantId, id }: User): void {
  const signIn = { atMilliseconds: clock.now().getTime(), methods: ['pwd'] }
  remember(session, interaction, { tenantId, id, signIn })
}

function remember(session: Session, interaction: Interaction, account: Account): void {
  session.accounts = [account, ...session.accounts.filter(({ id }) => id !== account.id)]
  Object.assign(interaction, { user: account, problem: null })
}
