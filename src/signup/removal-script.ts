import type { Cloud } from '#model/cloud.ts'
import type { ClientId } from '#model/ids.ts'

/** Ends it all: without the service principal Microsoft issues no token for the tenant. @see https://learn.microsoft.com/cli/azure/ad/sp#az-ad-sp-delete */
export const leaveCommand = (clientId: ClientId): string => `az ad sp delete --id ${clientId}`

/**
 * Removes what an administrator consented to for the sign-up alone. The application permissions stay.
 * @see https://learn.microsoft.com/graph/api/oauth2permissiongrant-delete
 */
export const removeDelegatedScript = (cloud: Cloud, clientId: ClientId): string => `GRAPH='${cloud.graphOrigin}'
app=$(az ad sp show --id ${clientId} --query id --output tsv)
for grant in $(az rest --method GET --url "$GRAPH/v1.0/servicePrincipals/$app/oauth2PermissionGrants" \\
  --query 'value[].id' --output tsv)
do
  az rest --method DELETE --url "$GRAPH/v1.0/oauth2PermissionGrants/$grant"
done`
