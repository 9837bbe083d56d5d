import { reportViolations } from '#flows/incidents/report-violations.ts'
import { findRegistration, type Registration } from '#graph/applications.ts'
import type { CredentialListing } from '#model/credential.ts'
import { diagnose } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'config' | 'graphAsApp'> & Parameters<typeof reportViolations>[0]

export type ListedCredentials = {
  credentials: readonly CredentialListing[]
  /** Whether the app registration could be read; without, only what this installation uses is known. */
  registrationRead: boolean
}

/** The app's credentials: what the app registration holds where the app may read it, else what the configuration tells. */
export async function listCredentials(tools: Needs): Promise<ListedCredentials> {
  const registration = await readRegistration(tools)
  const own = ownCredential(tools)
  if (!registration) return { credentials: [own], registrationRead: false }
  const credentials = listed(registration, tools)
  return {
    credentials: credentials.some(({ inUse }) => inUse) ? credentials : [own, ...credentials],
    registrationRead: true,
  }
}

/** The one in use, with the end that the registration tells where the configuration does not. */
export async function credentialInUse(tools: Needs): Promise<CredentialListing> {
  const own = ownCredential(tools)
  if (own.expiresAt) return own
  return (await listCredentials(tools)).credentials.find(({ inUse }) => inUse) ?? own
}

/** What the configuration tells of the one in use. */
export const ownCredential = ({ config: { credential } }: Pick<Needs, 'config'>): CredentialListing => ({
  kind: credential.kind,
  keyId: null,
  name: null,
  beginsAt: credential.kind === 'certificate' ? credential.beginsAt : null,
  expiresAt: credential.expiresAt,
  inUse: true,
})

/** Not to be allowed to look is nothing wrong: reading app registrations is a permission of its own. */
async function readRegistration(tools: Needs): Promise<Registration | null> {
  const { config, graphAsApp } = tools
  const { homeTenantId, clientId } = config
  try {
    return await reportViolations(tools, homeTenantId, () =>
      findRegistration(graphAsApp(homeTenantId, QUICK), clientId),
    )
  } catch (error) {
    if (['PERMISSION_MISSING', 'SERVICE_PRINCIPAL_MISSING'].includes(diagnose(error).code)) return null
    throw error
  }
}

const QUICK = { longestPauseMilliseconds: 2_000 }

function listed(
  { passwordCredentials, keyCredentials }: Registration,
  { config }: Pick<Needs, 'config'>,
): CredentialListing[] {
  const { credential } = config
  const secretsAlike =
    credential.kind === 'secret'
      ? passwordCredentials.filter(({ hint }) => hint && credential.secret.startsWith(hint))
      : []
  const isOurs = (customKeyIdentifier: string | null | undefined) =>
    credential.kind === 'certificate' &&
    thumbprints(customKeyIdentifier).some((text) =>
      [credential.thumbprintSha256, credential.thumbprintSha1].includes(text),
    )
  return [
    ...keyCredentials.map((key) => ({
      ...told(key),
      kind: 'certificate' as const,
      inUse: isOurs(key.customKeyIdentifier),
    })),
    ...passwordCredentials.map((secret) => ({
      ...told(secret),
      kind: 'secret' as const,
      // The hint is three characters: where two begin alike, nobody can tell which one it is.
      inUse: secretsAlike.length === 1 && secretsAlike[0] === secret,
    })),
  ]
}

/** The registration names a certificate by its thumbprint, in hexadecimal or as bytes in base64. */
const thumbprints = (identifier: string | null | undefined): string[] =>
  identifier ? [identifier.toUpperCase(), Buffer.from(identifier, 'base64').toString('hex').toUpperCase()] : []

const told = ({ keyId, displayName, startDateTime, endDateTime }: Registration['keyCredentials'][number]) => ({
  keyId,
  name: displayName ?? null,
  beginsAt: startDateTime ?? null,
  expiresAt: endDateTime ?? null,
})
