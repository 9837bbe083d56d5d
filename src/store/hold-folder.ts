import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '#model/problem.ts'

type Holder = { pid: number; startedAt: string | null }

/**
 * Makes this process the only owner of an embedded database's folder: two would corrupt it. The mark of a process that
 * died is taken over.
 * @returns gives the folder back
 * @throws Problem DATA_FOLDER_IN_USE naming the owner
 */
export function holdFolder(dataDir: string): () => void {
  const file = join(dataDir, 'owner.lock')
  for (;;) {
    try {
      const descriptor = openSync(file, 'wx', 0o600)
      writeSync(descriptor, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies Holder))
      closeSync(descriptor)
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const holder = readHolder(file)
      if (holder && isAlive(holder)) throw inUse(dataDir, holder.pid)
      rmSync(file, { force: true })
    }
  }
}

/** Who holds the folder now; null when nobody does. */
export function folderHolder(dataDir: string): number | null {
  const holder = readHolder(join(dataDir, 'owner.lock'))
  return holder && isAlive(holder) ? holder.pid : null
}

function readHolder(file: string): Holder | null {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return typeof pid === 'number' ? { pid, startedAt: startedAt ?? null } : null
  } catch {
    return null
  }
}

/** A number alone does not name a process: after a restart of the machine another may carry it. */
function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return startedAt === null || startOf(pid) === startedAt
}

/** When the process started, as Linux counts it (proc(5), stat field 22); null on other systems. */
function startOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? null
  } catch {
    return null
  }
}

const inUse = (dataDir: string, pid: number) =>
  new Problem({
    code: 'DATA_FOLDER_IN_USE',
    owner: 'operator',
    message: `The embedded database in ${dataDir} is in use by process ${pid}; only one process can own it.`,
    nextStep:
      'Use `tenantry dev`, which runs everything in one process, or set TENANTRY_DATABASE_URL to a PostgreSQL server.',
    retry: 'never',
    confidence: 'certain',
  })
