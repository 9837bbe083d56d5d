/** A refusal of Graph: status, code and text as its clients know them. @see https://learn.microsoft.com/graph/errors */
export class GraphError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  readonly details: readonly { code: string; message: string; target: string }[]
  readonly inner: Readonly<Record<string, string>>
  /** For the request log: what Graph itself does not tell. */
  readonly why: string | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    more: {
      headers?: Readonly<Record<string, string>>
      details?: readonly { code: string; message: string; target: string }[]
      inner?: Readonly<Record<string, string>>
      why?: string | undefined
    } = {},
  ) {
    super(message)
    this.name = 'GraphError'
    this.status = status
    this.code = code
    this.headers = more.headers ?? {}
    this.details = more.details ?? []
    this.inner = more.inner ?? {}
    this.why = more.why
  }

  /** The same refusal with more headers. */
  with(headers: Readonly<Record<string, string>>): GraphError {
    const { status, code, message, details, inner, why } = this
    return new GraphError(status, code, message, { headers: { ...headers, ...this.headers }, details, inner, why })
  }
}

export const badRequest = (message: string): GraphError => new GraphError(400, 'Request_BadRequest', message)

export const unsupportedQuery = (message: string): GraphError =>
  new GraphError(400, 'Request_UnsupportedQuery', message)

export const notFound = (id: string): GraphError =>
  new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )

export const denied = (why?: string): GraphError =>
  new GraphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.', { why })

export const notEmulated = (method: string, path: string): GraphError =>
  new GraphError(501, 'NotImplemented', `The emulator does not know ${method} ${path}.`)

export const methodNotAllowed = (): GraphError =>
  new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.')

export const sameKey = (message: string): GraphError =>
  new GraphError(409, 'Request_MultipleObjectsWithSameKeyValue', message)

/** Graph's envelope; `date` has no zone and is UTC. */
export const envelope = (
  { code, message, details, inner }: GraphError,
  { now, requestId, clientRequestId }: { now: Date; requestId: string; clientRequestId: string },
): object => ({
  error: {
    code,
    message,
    ...(details.length > 0 ? { details } : {}),
    innerError: {
      ...inner,
      date: now.toISOString().slice(0, 19),
      'request-id': requestId,
      'client-request-id': clientRequestId,
    },
  },
})
