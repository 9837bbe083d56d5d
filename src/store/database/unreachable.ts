import { codeOf } from '#base/code-of.ts'
import { Problem } from '#model/problem.ts'

/** A pooler that does not know what the connection is to begin with says so with this code. */
const PROTOCOL_VIOLATION = '08P01'
const DISK_FULL = '53100'
const READ_ONLY = '25006'
const LOCKED = '55P03'
/**
 * The server cannot be reached, or takes no writes.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html classes 08, 25006, 25P03, 53100, 53300, 55000 (it takes no connections), 55P03 (somebody else locks for long), 57P01 to 57P05; `pg` itself gives texts only
 */
const CODES =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|08...$|25006$|25P03$|53100$|53300$|55000$|55P03$|57P0\d$)/
const TEXTS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

export const isOutOfUse = (error: unknown): boolean =>
  CODES.test(codeOf(error)) || (error instanceof Error && TEXTS.test(error.message))
export const isDiskFull = (error: unknown): boolean => codeOf(error) === DISK_FULL

/** @throws Problem DATABASE_UNREACHABLE in place of whatever says that the server cannot be used */
export async function whileInUse<Value>(
  store: { databaseUrl: string | null; full: boolean },
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    store.full ||= isDiskFull(error)
    if (store.databaseUrl && isOutOfUse(error)) throw unreachable(store.databaseUrl, error)
    throw error
  }
}

const NEXT_STEPS: Record<string, string> = {
  [READ_ONLY]: 'It takes no writes: look whether it is a standby, or set to default_transaction_read_only.',
  [PROTOCOL_VIOLATION]:
    'If a pooler such as PgBouncer stands before it, let it ignore the startup parameter idle_in_transaction_session_timeout (docs/operations.md).',
  [LOCKED]:
    "Somebody has locked rows there for long: `select * from pg_stat_activity where state <> 'idle'` tells who. Work goes on by itself.",
  [DISK_FULL]: 'Its disk is full: make room there. Work goes on by itself.',
}

/** What an operator has to know of a database that cannot be used; never its password. */
export function unreachable(databaseUrl: string, cause: unknown): Problem {
  const { hostname, port, pathname } = new URL(databaseUrl)
  const reason = codeOf(cause) || 'no answer'
  const nextStep = NEXT_STEPS[reason]
  return new Problem(
    {
      code: 'DATABASE_UNREACHABLE',
      owner: 'operator',
      message: `The database ${pathname.slice(1)} at ${hostname || 'the local socket'}:${port || '5432'} cannot be used (${reason}).`,
      nextStep:
        nextStep ??
        'Check that PostgreSQL runs there and that TENANTRY_DATABASE_URL has the right user, password and database.',
      retry: 'backoff',
      confidence: 'certain',
    },
    { cause },
  )
}
