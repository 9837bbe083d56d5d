import type { HonoRequest } from 'hono'

const FORM = /^application\/x-www-form-urlencoded\b/i

/** The fields of a form; of a field that comes twice, the last. Any other kind of body is no form. @see RFC 6749 appendix B */
export async function readForm(request: HonoRequest): Promise<Record<string, string>> {
  return FORM.test(request.header('content-type') ?? '')
    ? Object.fromEntries(new URLSearchParams(await request.text()))
    : {}
}
