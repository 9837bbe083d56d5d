/** As deep as Microsoft’s OData library reads. @see https://learn.microsoft.com/dotnet/api/microsoft.odata.odatamessagequotas.maxnestingdepth */
const MAX_DEPTH = 100

/**
 * What the text says, undefined if it is not JSON or nests without end: what is written out again later is written by recursion.
 */
export function parseJson(text: string): unknown {
  try {
    return isTooDeep(text) ? undefined : JSON.parse(text)
  } catch {
    return
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (part === '{' || part === '[') depth += 1
    else if (part === '}' || part === ']') depth -= 1
    if (depth > MAX_DEPTH) return true
  }
  return false
}
