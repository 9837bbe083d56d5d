/** A word of Graph’s own in a path: its version, what is looked at, what is done there. */
const WORD = /^(?:v1\.0|beta|\$?[A-Za-z]+|microsoft\.graph\.[A-Za-z.]+)$/
const FUNCTION = /^[A-Za-z][A-Za-z0-9.]*$/

/**
 * The path without whatever names an object: ids, addresses of people, files by their place. Of a query, which may hold
 * whatever was asked for, nothing.
 */
export function pathWithoutIds(pathname: string): string {
  const [, beforeFile = pathname, file = ''] = /^([^:]*)(:.*)?$/s.exec(pathname) ?? []
  const segments = beforeFile.split('/').map((segment) => {
    const [word = '', key] = segment.split('(', 2)
    if (key !== undefined) return `${FUNCTION.test(word) ? word : '{id}'}(${key === ')' ? '' : '{id}'})`
    return word === '' || WORD.test(word) ? word : '{id}'
  })
  return segments.join('/') + (file && ':{path}')
}
