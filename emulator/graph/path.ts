/**
 * The segments of a path below the version, decoded, in the one form that routes are written in: `users('x')` becomes
 * users, x; `servicePrincipals(appId='x')` becomes servicePrincipals, appId=x; `microsoft.graph.delta()` becomes delta.
 */
export function segmentsOf(path: string): string[] {
  return path.split('/').flatMap((raw) => (raw === '' ? [] : split(decode(raw))))
}

function split(segment: string): string[] {
  const call = /^([^(]+)\((.*)\)$/s.exec(segment)
  if (!call) return [/^[A-Za-z]\w*=/.test(segment) ? unquoteKey(segment) : segment]
  const name = (call[1] ?? '').replace(/^microsoft\.graph\./i, '')
  const key = call[2] ?? ''
  return key === '' ? [name] : [name, /^[A-Za-z]\w*=/.test(key) ? unquoteKey(key) : unquote(key)]
}

function unquoteKey(key: string): string {
  const at = key.indexOf('=')
  return `${key.slice(0, at)}=${unquote(key.slice(at + 1))}`
}

const unquote = (text: string): string =>
  text.startsWith("'") && text.endsWith("'") && text.length > 1 ? text.slice(1, -1).replaceAll("''", "'") : text

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}

/** `appId=x` → x, when the key is that one. */
export function keyOf(id: string, name: string): string | null {
  const at = id.indexOf('=')
  return at > 0 && id.slice(0, at).toLowerCase() === name.toLowerCase() ? id.slice(at + 1) : null
}
