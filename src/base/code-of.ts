/** What Node, PostgreSQL or another program calls a failure, such as ENOENT or 23505; empty where it has no such name. */
export const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' || typeof code === 'number' ? String(code) : ''
}
