import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '#base/code-of.ts'
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
  const own = { pid: process.pid, startedAt: readProcess(process.pid)?.startedAt ?? null } satisfies Holder
  for (;;) {
    if (claim(file, JSON.stringify(own))) return () => rmSync(file, { force: true })
    const mark = readMark(file)
    const holder = parseHolder(mark)
    if (holder && isAlive(holder)) throw inUse(dataDir, holder.pid)
    if (mark !== null) putAside(file, mark)
  }
}

/** The mark appears with its words in it or not at all: nobody ever reads half a mark and takes it for a dead one. */
function claim(file: string, words: string): boolean {
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, words, { mode: 0o600 })
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Takes a dead process's mark away; when another was quicker and this is already its successor's, it is put back. */
function putAside(file: string, dead: string): void {
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
    if (readFileSync(aside, 'utf8') !== dead) linkSync(aside, file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Who holds the folder now; null when nobody does. */
export function folderHolder(dataDir: string): number | null {
  const holder = parseHolder(readMark(join(dataDir, 'owner.lock')))
  return holder && isAlive(holder) ? holder.pid : null
}

function readMark(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function parseHolder(mark: string | null): Holder | null {
  try {
    const { pid, startedAt } = JSON.parse(mark ?? '') as Partial<Holder>
    return typeof pid === 'number' ? { pid, startedAt: startedAt ?? null } : null
  } catch {
    return null
  }
}

/**
 * A number alone does not name a process: after a restart of the machine another may carry it. A killed process that its
 * parent has not looked after yet still has its number and owns nothing.
 */
function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
  const found = readProcess(pid)
  if (found?.state === 'Z') return false
  return startedAt === null || found?.startedAt === startedAt
}

/** State and start of a process, as Linux tells them (proc(5), fields 3 and 22 of stat); null on other systems. */
function readProcess(pid: number): { state: string | undefined; startedAt: string | null } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return { state: fields[0], startedAt: fields[19] ?? null }
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
      'Wait, if that is a command. Beside `tenantry dev`, which runs everything in one process, commands work at any time; more processes want a PostgreSQL server (TENANTRY_DATABASE_URL).',
    retry: 'never',
    confidence: 'certain',
  })
