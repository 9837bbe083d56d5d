import { Problem } from '#model/problem.ts'

/**
 * The address as a URL, when its exact origin is one that may be spoken to. Text comparisons are not enough: hosts such
 * as graph.microsoft.com.evil.example begin the same.
 * @throws Problem ORIGIN_REFUSED
 */
export function assertAllowed(url: string, origins: readonly string[]): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null
  const allowed =
    parsed?.protocol === 'https:' && parsed.username === '' && parsed.password === '' && origins.includes(parsed.origin)
  if (parsed && allowed) return parsed
  throw new Problem({
    code: 'ORIGIN_REFUSED',
    owner: 'microsoft',
    message: `An address that leads away from Microsoft was refused: ${parsed?.origin ?? 'not a URL'}.`,
    nextStep: 'Nothing was sent. If the address came from Microsoft, report it to Microsoft’s support.',
    retry: 'never',
    confidence: 'certain',
  })
}
