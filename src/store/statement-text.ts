/**
 * A parameter as PostgreSQL reads it where its type is the statement’s: moments in UTC, bytes in hex, lists as arrays,
 * objects as JSON.
 */
export function statementText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`
  return typeof value === 'string' ? value : typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}

function element(value: unknown): string {
  if (Array.isArray(value)) return statementText(value) ?? ''
  const text = statementText(value)
  return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
