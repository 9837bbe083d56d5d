import { nearestPermission } from '#model/graph-permissions.ts'

/** What to do about a name that is not an application permission of Microsoft Graph. */
export function howItIsSpelt(value: string): string {
  const near = nearestPermission(value)
  return near ? `Did you mean ${near}?` : 'Look it up in the Microsoft Graph permissions reference.'
}
