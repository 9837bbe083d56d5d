import type { Graph } from '#graph/open.ts'
import { Problem } from '#model/problem.ts'

/**
 * A link is Graph's own only if its origin and version are; it is checked before a token is even fetched. Following a
 * foreign link with the token attached is the classic leak.
 * @throws Problem ORIGIN_REFUSED
 */
export function urlOf({ cloud }: Pick<Graph, 'cloud'>, path: string, versions: readonly string[] = ['v1.0']): string {
  if (path.startsWith('/') && !path.startsWith('//')) return `${cloud.graphOrigin}/v1.0${path}`
  const url = URL.canParse(path) ? new URL(path) : null
  const versioned = versions.some((version) => url?.pathname.startsWith(`/${version}/`))
  if (url?.origin === cloud.graphOrigin && versioned && url.username === '' && url.password === '') return url.href
  throw new Problem({
    code: 'ORIGIN_REFUSED',
    owner: 'microsoft',
    message: `A link that leads away from Microsoft Graph was refused: ${url?.origin ?? 'not a URL'}.`,
    nextStep: 'Nothing was sent. If it happens again, report it to Microsoft’s support.',
    retry: 'never',
    confidence: 'certain',
  })
}
