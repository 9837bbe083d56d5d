import { z } from 'zod'
import type { Graph } from '#graph/open.ts'
import { readAs } from '#graph/read-as.ts'
import { request } from '#graph/request.ts'
import type { ClientId } from '#model/ids.ts'
import { diagnose, Problem, type ProblemCode } from '#model/problem.ts'

const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .nullish()
const registered = z.object({
  keyId: z.guid(),
  displayName: z.string().nullish(),
  startDateTime: moment,
  endDateTime: moment,
})
const applications = z.object({
  value: z.array(
    z.object({
      id: z.guid(),
      passwordCredentials: z.array(registered.extend({ hint: z.string().nullish() })).default([]),
      keyCredentials: z.array(registered.extend({ customKeyIdentifier: z.string().nullish() })).default([]),
    }),
  ),
})

/** The app registration as far as its credentials go; no secret is ever in it. */
export type Registration = z.output<typeof applications>['value'][number]

/**
 * The app registration, read in its home tenant; null when it is not there.
 * @see https://learn.microsoft.com/graph/api/application-list
 */
export async function findRegistration(graph: Graph, clientId: ClientId): Promise<Registration | null> {
  const path = `/applications?$filter=appId eq '${clientId}'&$select=id,passwordCredentials,keyCredentials`
  const { value } = readAs(applications, await request(graph, { path }))
  return value[0] ?? null
}

const added = z.object({
  keyId: z.guid(),
  secretText: z.string().min(1),
  endDateTime: z.iso.datetime({ offset: true }),
})

/**
 * Adds a secret beside those that are there. It is told in this answer and never again, so it is asked for once: whoever
 * asked again after a lost answer would leave a secret behind that is good for months and that nobody has.
 * @throws Problem SECRET_IN_DOUBT when it may have been made, and cannot be known
 * @see https://learn.microsoft.com/graph/api/application-addpassword
 */
export async function addSecret(
  graph: Graph,
  { applicationId, name, expiresAt }: { applicationId: string; name: string; expiresAt: Date },
): Promise<{ keyId: string; secret: string; expiresAt: Date }> {
  const answer = await request(graph, {
    method: 'POST',
    path: `/applications/${applicationId}/addPassword`,
    body: { passwordCredential: { displayName: name, endDateTime: expiresAt.toISOString() } },
    once: true,
  }).catch((error) => {
    throw MAY_HAVE_ACTED.includes(diagnose(error).code) ? inDoubt(name, error) : error
  })
  const told = added.safeParse(answer)
  if (!told.success) throw inDoubt(name)
  const { keyId, secretText, endDateTime } = told.data
  return { keyId, secret: secretText, expiresAt: new Date(endDateTime) }
}

/** After these nobody knows whether Graph has done it. */
const MAY_HAVE_ACTED: readonly ProblemCode[] = ['NETWORK', 'UNAVAILABLE', 'ANSWER_UNREADABLE']

const inDoubt = (name: string, cause?: unknown) =>
  new Problem(
    {
      code: 'SECRET_IN_DOUBT',
      owner: 'operator',
      message: `Microsoft Graph’s answer to a request for a new client secret got lost: there may be a secret “${name}” now that nobody has.`,
      nextStep: `Look under “Certificates & secrets” of the app registration, take away the newest “${name}” if it was made now, and run this again.`,
      retry: 'never',
      confidence: 'certain',
    },
    { cause },
  )

/** @see https://learn.microsoft.com/graph/api/application-removepassword */
export async function removeSecret(
  graph: Graph,
  { applicationId, keyId }: { applicationId: string; keyId: string },
): Promise<void> {
  await request(graph, { method: 'POST', path: `/applications/${applicationId}/removePassword`, body: { keyId } })
}
