/**
 * A parameter as PostgreSQL reads it where its type is the statement’s: moments in UTC, bytes in hex, lists as arrays,
 * objects as JSON, and numbers as they are, those among them that JSON has no word for.
 */
export function statementText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`
  if (typeof value === 'number' || typeof value === 'bigint') return value.toString()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function element(value: unknown): string {
  if (Array.isArray(value)) return statementText(value) ?? ''
  const text = statementText(value)
  return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
