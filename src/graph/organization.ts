import { z } from 'zod'
import { unreadable } from '#graph/errors.ts'
import type { Graph } from '#graph/open.ts'
import { request } from '#graph/request.ts'
import { parseTenantId, type TenantId } from '#model/ids.ts'

export type Organization = { id: TenantId; displayName: string; defaultDomain: string | null }

const organizations = z.object({
  value: z
    .array(
      z.looseObject({
        id: z.string(),
        displayName: z.string().nullish(),
        verifiedDomains: z.array(z.looseObject({ name: z.string(), isDefault: z.boolean().optional() })).default([]),
      }),
    )
    .min(1),
})

/** @see https://learn.microsoft.com/graph/api/organization-list */
export const ORGANIZATION_PATH = '/organization?$select=id,displayName,verifiedDomains'

/** The tenant that the token is for, as Graph knows it. */
export const readOrganization = async (graph: Graph): Promise<Organization> =>
  parseOrganization(await request(graph, { path: ORGANIZATION_PATH }))

/** @throws Problem ANSWER_UNREADABLE */
export function parseOrganization(json: unknown): Organization {
  const parsed = organizations.safeParse(json)
  const organization = parsed.data?.value[0]
  const id = parseTenantId(organization?.id)
  if (!organization || !id) throw unreadable('Microsoft Graph did not say which tenant this is.')
  const domain =
    organization.verifiedDomains.find((candidate) => candidate.isDefault) ?? organization.verifiedDomains[0]
  return { id, displayName: organization.displayName ?? id, defaultDomain: domain?.name ?? null }
}
