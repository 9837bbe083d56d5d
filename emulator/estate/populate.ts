import type { Recipe } from '#emulator/directory/generated-users.ts'
import { addGroup, addMember } from '#emulator/directory/groups.ts'
import { guidOf } from '#emulator/directory/ids.ts'
import { contentsOf, type Directory } from '#emulator/directory/open.ts'
import { defaultDomain } from '#emulator/directory/tenants.ts'
import type { Tenant, User } from '#emulator/directory/types.ts'
import { DEPARTMENTS, GIVEN_NAMES, JOB_TITLES, PLACES, SURNAMES, TEAMS } from '#emulator/estate/names.ts'
import { drawAt } from '#emulator/mischief/open.ts'

/** One empty list for everybody: lists are replaced, never changed. */
const NONE: string[] = []

type Wanted = { users: number; groups: number; seed: number }

/** People and groups that look like a company's. The same seed makes the same people with the same ids. */
export function populate(directory: Directory, tenant: Tenant, { users, groups, seed }: Wanted): void {
  const contents = contentsOf(directory, tenant.id)
  const count = Math.max(0, users - contents.users.size)
  if (count > 0) contents.users.generate(peopleOf(tenant, [...contents.users.values()], count, seed))
  contents.version += count
  if (groups === 0) return
  let drawn = count * DRAWS
  const random = () => drawAt(seed, drawn++)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const people = [...contents.users.keys()]
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
    for (let count = 0; count < size; count++) addMember(directory, tenant.id, id, { id: pick(people), kind: 'user' })
  }
}

/** What is drawn for each person, in this order: given name, surname, department, profession, place. */
const DRAWS = 5
const plainOf = (names: readonly string[]) => names.map(plain)
const PLAIN_GIVEN_NAMES = plainOf(GIVEN_NAMES)
const PLAIN_SURNAMES = plainOf(SURNAMES)

function peopleOf(tenant: Tenant, named: readonly User[], count: number, seed: number): Recipe {
  const domain = defaultDomain(tenant)
  const draw = <Item>(items: readonly Item[], person: number, which: number): Item =>
    items[Math.floor(drawAt(seed, person * DRAWS + which) * items.length)] as Item
  const namesHere = named.flatMap(({ userPrincipalName }) => {
    const [name = '', of = ''] = userPrincipalName.toLowerCase().split('@')
    return of === domain.toLowerCase() ? [name] : []
  })
  return {
    count,
    domain,
    taken: new Set(namesHere),
    nameOf: (person) => `${draw(PLAIN_GIVEN_NAMES, person, 0)}.${draw(PLAIN_SURNAMES, person, 1)}`,
    idOf: (person) => guidOf('user', tenant.id, seed, person),
    make(person, id, userPrincipalName) {
      const givenName = draw(GIVEN_NAMES, person, 0)
      const surname = draw(SURNAMES, person, 1)
      const department = draw(DEPARTMENTS, person, 2)
      return {
        id,
        tenantId: tenant.id,
        userPrincipalName,
        displayName: `${givenName} ${surname}`,
        givenName,
        surname,
        mail: userPrincipalName,
        jobTitle: `${department} ${draw(JOB_TITLES, person, 3)}`,
        department,
        officeLocation: draw(PLACES, person, 4),
        mobilePhone: null,
        businessPhones: NONE,
        preferredLanguage: 'en-US',
        accountEnabled: person % 40 !== 39,
        userType: 'Member',
        createdAt: tenant.createdAt,
        password: null,
        directoryRoles: NONE,
        home: null,
      }
    },
  }
}

function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/ø/g, 'o')
    .replace(/ı/g, 'i')
    .replace(/ł/g, 'l')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')
}
