import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PostgresServer, withClient } from '#test/support/postgres.ts'

const MEGABYTE = 1024 * 1024
const SIZE_MEGABYTES = 64

/** A disk that a database lies on and that can be filled; the server’s own log of writes lies elsewhere. */
export type SmallDisk = Disposable & {
  /** Moves a database there, to which nobody may be connected. */
  hold(databaseUrl: string): Promise<void>
  fill(): void
  empty(): void
}

/** Null where this machine lets nobody mount anything: an account that is not root, a container without that right. */
export async function openSmallDisk({ adminUrl, folder }: PostgresServer): Promise<SmallDisk | null> {
  const disk = join(folder, 'small-disk')
  const space = join(disk, 'space')
  const filling = join(disk, 'filling')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MEGABYTES}m`, 'tmpfs', disk], { stdio: 'pipe' })
  } catch {
    return null
  }
  mkdirSync(space)
  const { uid, gid } = statSync(folder)
  chownSync(space, uid, gid)
  await withClient(adminUrl, (client) => client.query(`create tablespace small location '${space}'`))
  return {
    hold: async (databaseUrl) => {
      const name = new URL(databaseUrl).pathname.slice(1)
      await withClient(adminUrl, (client) => client.query(`alter database ${name} set tablespace small`))
    },
    fill() {
      try {
        writeFileSync(filling, Buffer.alloc(SIZE_MEGABYTES * MEGABYTE))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
    empty: () => rmSync(filling, { force: true }),
    [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', disk]),
  }
}
