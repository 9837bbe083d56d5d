import type { Cloud } from '#model/cloud.ts'
import { type ClientId, MICROSOFT_GRAPH } from '#model/ids.ts'
import type { DeclaredPermission } from '#model/permission.ts'

/** What may stand in a comment line of a shell script. */
const inOneLine = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N} .,:;()/&+-]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()

/**
 * The az CLI script with which an administrator grants the app roles by hand. It asks for nothing but a signed-in az,
 * may be run again at any time, and looks every id up in the tenant itself.
 * @see https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto
 */
export function grantScript({
  cloud,
  clientId,
  tenantId,
  appName,
  permissions,
}: {
  cloud: Cloud
  clientId: ClientId
  tenantId: string
  appName: string
  permissions: readonly DeclaredPermission[]
}): string {
  return `#!/usr/bin/env bash
# Gives ${inOneLine(appName)} its application permissions in your tenant. Safe to run again.
# Run it as a Global Administrator or Privileged Role Administrator, for example in Azure Cloud Shell, after:
#   az login --tenant ${tenantId} --allow-no-subscriptions
set -euo pipefail

GRAPH='${cloud.graphOrigin}'
APP_ID='${clientId}'
PERMISSIONS='${permissions.map(({ value }) => value).join(' ')}'

if [ "$(az account show --query tenantId --output tsv)" != '${tenantId}' ]; then
  echo 'az is signed in to another tenant. Run: az login --tenant ${tenantId} --allow-no-subscriptions' >&2
  exit 1
fi

app=$(az ad sp list --filter "appId eq '$APP_ID'" --query '[0].id' --output tsv)
if [ -z "$app" ]; then app=$(az ad sp create --id "$APP_ID" --query id --output tsv); fi
graph=$(az ad sp list --filter "appId eq '${MICROSOFT_GRAPH}'" --query '[0].id' --output tsv)

for permission in $PERMISSIONS; do
  role=$(az ad sp show --id '${MICROSOFT_GRAPH}' --query "appRoles[?value=='$permission'].id | [0]" --output tsv)
  if [ -z "$role" ]; then
    echo "$permission: Microsoft Graph does not offer it in this tenant; nothing was changed for it" >&2
    exit 1
  fi
  held=$(az rest --method GET --url "$GRAPH/v1.0/servicePrincipals/$app/appRoleAssignments" \\
    --query "length(value[?appRoleId=='$role' && resourceId=='$graph'])" --output tsv)
  if [ "$held" != 0 ]; then
    echo "$permission: there already"
    continue
  fi
  az rest --method POST --url "$GRAPH/v1.0/servicePrincipals/$graph/appRoleAssignedTo" \\
    --headers 'Content-Type=application/json' \\
    --body "{\\"principalId\\":\\"$app\\",\\"resourceId\\":\\"$graph\\",\\"appRoleId\\":\\"$role\\"}" --output none
  echo "$permission: granted"
done
`
}
