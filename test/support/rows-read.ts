import type { KyselyPlugin, QueryResult } from 'kysely'
import type { AnySql } from '#store/database/open.ts'

type Node = {
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Node[]
}
type Explained = { 'QUERY PLAN': { Plan: Node }[] }

/** Before a statement: PostgreSQL does it, and answers with what that took. */
export const EXPLAIN = 'explain (analyze, format json) '

/**
 * How many rows of a table the explained statement took into its hands, whether they were wanted or not; roughly, for
 * PostgreSQL before 18 tells the average of many turns as a whole number.
 */
export function rowsRead(rows: readonly unknown[], table: string): number {
  const plans = (rows as readonly Explained[]).flatMap((row) => row['QUERY PLAN'])
  const reading = plans.flatMap(({ Plan }) => below(Plan)).filter((node) => node['Relation Name'] === table)
  if (reading.length === 0) throw new Error(`Nothing that was explained looks at ${table}.`)
  return reading.reduce((sum, node) => sum + taken(node), 0)
}

const below = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(below)]

const taken = (node: Node): number =>
  node['Actual Loops'] *
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0))

/** The same handle, but its statements are explained, and answer with nothing. @param explained gets the plans */
export function explaining<Sql extends AnySql>(sql: Sql, explained: unknown[]): Sql {
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) =>
      node.kind === 'RawNode'
        ? { ...node, sqlFragments: [`${EXPLAIN}${node.sqlFragments[0] ?? ''}`, ...node.sqlFragments.slice(1)] }
        : node,
    transformResult: async ({ result }): Promise<QueryResult<never>> => {
      explained.push(...result.rows)
      return { ...result, rows: [] }
    },
  }
  return { ...sql, db: sql.db.withPlugin(plugin) }
}
