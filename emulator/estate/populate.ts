import { addGroup, addMember } from '#emulator/directory/groups.ts'
import { flat, guidOf } from '#emulator/directory/ids.ts'
import type { Directory } from '#emulator/directory/open.ts'
import { defaultDomain } from '#emulator/directory/tenants.ts'
import type { Tenant, User } from '#emulator/directory/types.ts'
import { addUser, countUsers, findUser, listUsers } from '#emulator/directory/users.ts'
import { DEPARTMENTS, GIVEN_NAMES, JOB_TITLES, PLACES, SURNAMES, TEAMS } from '#emulator/estate/names.ts'
import { generator } from '#emulator/mischief/open.ts'

/** One empty list for everybody: lists are replaced, never changed. */
const NONE: string[] = []

type Wanted = { users: number; groups: number; seed: number }

/** People and groups that look like a company's. The same seed makes the same people with the same ids. */
export function populate(directory: Directory, tenant: Tenant, { users, groups, seed }: Wanted): void {
  const random = generator(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  for (let index = 0; countUsers(directory, tenant.id) < users; index++)
    addUser(directory, makeUser(directory, tenant, pick, seed, index))
  const people = [...listUsers(directory, tenant.id)]
  for (let index = 0; index < groups; index++) {
    const id = guidOf('group', tenant.id, seed, index)
    const displayName = `${pick(DEPARTMENTS)} ${pick(TEAMS)} ${index + 1}`
    const unified = random() < 0.5
    addGroup(directory, {
      id,
      tenantId: tenant.id,
      displayName,
      description: `Group of the ${displayName} team`,
      mail: unified ? `${plain(displayName)}@${defaultDomain(tenant)}` : null,
      mailNickname: plain(displayName),
      mailEnabled: unified,
      securityEnabled: !unified,
      groupTypes: unified ? ['Unified'] : [],
      visibility: unified ? 'Private' : null,
      createdAt: tenant.createdAt,
    })
    const size = Math.min(people.length, 3 + Math.floor(random() * 30))
    for (let count = 0; count < size; count++)
      addMember(directory, tenant.id, id, { id: pick(people).id, kind: 'user' })
  }
}

function makeUser(
  directory: Directory,
  tenant: Tenant,
  pick: <Item>(items: readonly Item[]) => Item,
  seed: number,
  index: number,
): User {
  const givenName = pick(GIVEN_NAMES)
  const surname = pick(SURNAMES)
  const domain = defaultDomain(tenant)
  const name = `${plain(givenName)}.${plain(surname)}`
  const free = findUser(directory, tenant.id, `${name}@${domain}`) === null
  const userPrincipalName = flat(`${free ? name : `${name}${index}`}@${domain}`)
  const department = pick(DEPARTMENTS)
  return {
    id: guidOf('user', tenant.id, seed, index),
    tenantId: tenant.id,
    userPrincipalName,
    displayName: flat(`${givenName} ${surname}`),
    givenName,
    surname,
    mail: userPrincipalName,
    jobTitle: titleOf(department, pick(JOB_TITLES)),
    department,
    officeLocation: pick(PLACES),
    mobilePhone: null,
    businessPhones: NONE,
    preferredLanguage: 'en-US',
    accountEnabled: index % 40 !== 39,
    userType: 'Member',
    createdAt: tenant.createdAt,
    password: null,
    directoryRoles: NONE,
    home: null,
  }
}

const titles = new Map<string, string>()

/** The same text for everybody of the same profession. */
function titleOf(department: string, job: string): string {
  const title = `${department} ${job}`
  const known = titles.get(title)
  if (known === undefined) titles.set(title, title)
  return known ?? title
}

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/ø/g, 'o')
    .replace(/ı/g, 'i')
    .replace(/ł/g, 'l')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')
