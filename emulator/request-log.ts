/** One request as the emulator saw it. Secrets, codes and tokens are not kept. */
export type RequestEntry = {
  id: number
  at: Date
  host: string
  method: string
  path: string
  query: string
  status: number
  tenantId?: string | undefined
  appId?: string | undefined
  grantType?: string | undefined
  /** Why it was refused. */
  reason?: string | undefined
}

export type RequestFilter = { path?: string; tenantId?: string; appId?: string; status?: number }

export type RequestLog = {
  add(entry: Omit<RequestEntry, 'id'>): void
  list(filter?: RequestFilter): RequestEntry[]
  clear(): void
}

const KEPT = 20_000
const SECRET = /([?&](?:code|state|nonce|code_challenge|client_secret|id_token_hint|login_hint)=)[^&]*/g

export function openRequestLog(): RequestLog {
  let entries: RequestEntry[] = []
  let last = 0
  return {
    add(entry) {
      last += 1
      entries.push({ id: last, ...entry, query: entry.query.replace(SECRET, '$1[redacted]') })
      if (entries.length > KEPT * 2) entries = entries.slice(-KEPT)
    },
    list: ({ path, tenantId, appId, status } = {}) =>
      entries.filter(
        (entry) =>
          (path === undefined || new RegExp(path, 'i').test(entry.path)) &&
          (tenantId === undefined || entry.tenantId === tenantId) &&
          (appId === undefined || entry.appId === appId) &&
          (status === undefined || entry.status === status),
      ),
    clear() {
      entries = []
    },
  }
}
