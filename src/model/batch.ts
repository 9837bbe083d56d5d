import type { Problem } from '#model/problem.ts'

/** One request of several that are sent to Microsoft Graph as one. */
export type BatchItem = {
  /** By which others name it in `dependsOn`, and its outcome is found; no two are the same but for their case. */
  id: string
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Below /v1.0, such as /users?$top=999; or an absolute link that Graph gave, which must lead to Graph's own /v1.0. */
  path: string
  body?: unknown
  headers?: Readonly<Record<string, string>>
  /** Items before this one without whose success it is not to be done. */
  dependsOn?: readonly string[]
}

/** What became of one item: what Graph has answered, or why not. */
export type BatchOutcome =
  | { id: string; status: number; body: unknown; problem: null }
  | { id: string; status: number | null; body: null; problem: Problem }
