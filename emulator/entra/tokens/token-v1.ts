type Form = Readonly<Record<string, string>>

/**
 * Version 1 of the token endpoint names a resource where version 2 names scopes. For a user that brings an ID token and a
 * refresh token along, asked for or not.
 * @see https://learn.microsoft.com/entra/identity-platform/scopes-oidc
 */
export function v1Form(sent: Form): Record<string, string> {
  const { resource, grant_type: grant, code } = sent
  const form: Record<string, string> = { ...sent }
  delete form.scope
  delete form.resource
  // A device shows what it waits for as `code`.
  if (grant === 'device_code' && code) form.device_code = code
  if (resource) form.scope = grant === 'client_credentials' ? `${resource}/.default` : v1Scope(resource)
  return form
}

export const v1Scope = (resource: string): string => `openid profile email offline_access ${resource}/.default`

/** Numbers are written as strings, and the resource and its times stand in the answer. */
export function asV1(body: Record<string, unknown>, { resource }: Form, nowSeconds: number): Record<string, unknown> {
  const expiresIn = Number(body.expires_in)
  return {
    ...body,
    expires_in: String(expiresIn),
    ext_expires_in: String(body.ext_expires_in),
    expires_on: String(nowSeconds + expiresIn),
    not_before: String(nowSeconds - 300),
    ...(resource ? { resource } : {}),
  }
}
