/**
 * The names of Microsoft Graph's application permissions, so that a misspelt one is found before any customer sees it.
 * @see https://learn.microsoft.com/graph/permissions-reference
 */
export const APPLICATION_PERMISSIONS: readonly string[] = [
  'AdministrativeUnit.Read.All',
  'AppRoleAssignment.ReadWrite.All',
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Application.ReadWrite.OwnedBy',
  'AuditLog.Read.All',
  'Calendars.Read',
  'Calendars.ReadBasic.All',
  'Calendars.ReadWrite',
  'Channel.ReadBasic.All',
  'ChannelMessage.Read.All',
  'Chat.Read.All',
  'Contacts.Read',
  'Contacts.ReadWrite',
  'CrossTenantInformation.ReadBasic.All',
  'DelegatedPermissionGrant.Read.All',
  'DelegatedPermissionGrant.ReadWrite.All',
  'Device.Read.All',
  'DeviceManagementApps.Read.All',
  'DeviceManagementConfiguration.Read.All',
  'DeviceManagementManagedDevices.Read.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
  'Domain.Read.All',
  'Files.Read.All',
  'Files.ReadWrite.All',
  'Group.Create',
  'Group.Read.All',
  'Group.ReadWrite.All',
  'GroupMember.Read.All',
  'GroupMember.ReadWrite.All',
  'IdentityProvider.Read.All',
  'IdentityRiskEvent.Read.All',
  'IdentityRiskyUser.Read.All',
  'Mail.Read',
  'Mail.ReadBasic',
  'Mail.ReadBasic.All',
  'Mail.ReadWrite',
  'Mail.Send',
  'MailboxSettings.Read',
  'MailboxSettings.ReadWrite',
  'Member.Read.Hidden',
  'Notes.Read.All',
  'OnlineMeetings.Read.All',
  'Organization.Read.All',
  'Organization.ReadWrite.All',
  'People.Read.All',
  'Policy.Read.All',
  'Policy.Read.PermissionGrant',
  'Policy.ReadWrite.ApplicationConfiguration',
  'Policy.ReadWrite.Authorization',
  'Policy.ReadWrite.PermissionGrant',
  'Presence.Read.All',
  'ProfilePhoto.Read.All',
  'ReportSettings.Read.All',
  'Reports.Read.All',
  'RoleManagement.Read.All',
  'RoleManagement.Read.Directory',
  'RoleManagement.ReadWrite.Directory',
  'SecurityAlert.Read.All',
  'SecurityEvents.Read.All',
  'ServiceHealth.Read.All',
  'Sites.FullControl.All',
  'Sites.Read.All',
  'Sites.ReadWrite.All',
  'Sites.Selected',
  'Tasks.Read.All',
  'Team.ReadBasic.All',
  'TeamMember.Read.All',
  'TeamSettings.Read.All',
  'User.EnableDisableAccount.All',
  'User.Export.All',
  'User.Invite.All',
  'User.ManageIdentities.All',
  'User.Read.All',
  'User.ReadBasic.All',
  'User.ReadWrite.All',
  'User.RevokeSessions.All',
  'UserAuthenticationMethod.Read.All',
]

/** The name that somebody most likely meant; null when nothing is near. */
export function nearestPermission(value: string): string | null {
  const wanted = value.toLowerCase()
  const ranked = APPLICATION_PERMISSIONS.map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
  const best = ranked.reduce((near, next) => (next.distance < near.distance ? next : near))
  return best.distance <= Math.max(2, Math.floor(value.length / 3)) ? best.name : null
}

/** How many letters have to change (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...left].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...right].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
