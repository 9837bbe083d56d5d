import { mkdirSync } from 'node:fs'
import module from 'node:module'
import { isAbsolute, join } from 'node:path'

/**
 * What is loaded from here on is compiled once and kept by Node: from the second time on the emulator starts in half the
 * time. In the user’s own folder, not where Node would keep it: what lies in a folder for temporary files somebody else
 * may have put there, and it is run. Where there is no such folder, nothing is kept.
 */
export function keepCompiled({ XDG_CACHE_HOME, HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): void {
  const cache = XDG_CACHE_HOME || (HOME ? join(HOME, '.cache') : LOCALAPPDATA)
  if (!cache || !isAbsolute(cache)) return
  const folder = join(cache, 'tenantry-emulator')
  if (isThere(cache) && isThere(folder)) module.enableCompileCache(folder)
}

/** Made, if need be; not its parents: a home that is not there is nobody’s. */
function isThere(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 })
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST'
  }
}
