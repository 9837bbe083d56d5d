import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codeOf } from '#base/code-of.ts'
import { Problem } from '#model/problem.ts'

/**
 * Makes the data folder where it is not there, closed to everybody else.
 * @throws Problem CONFIGURATION_INVALID when that cannot be, or nothing can be written there
 */
export function makeDataFolder(dataDir: string): void {
  try {
    makeFolder(resolve(dataDir))
    accessSync(dataDir, constants.W_OK)
  } catch (error) {
    throw unusable(dataDir, error)
  }
}

/** One after the other: with `recursive` Node goes on for ever where a file system lets nobody make anything, such as /proc. */
function makeFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found?.isDirectory()) return
  if (!found) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process has been faster.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

const unusable = (dataDir: string, cause: unknown): Problem => {
  const reason = codeOf(cause) || 'unknown'
  return new Problem(
    {
      code: 'CONFIGURATION_INVALID',
      owner: 'operator',
      message: `The data folder ${dataDir} cannot be made or written to (${reason}).`,
      nextStep: 'Set TENANTRY_DATA_DIR to a folder that this account may write to.',
      retry: 'never',
      confidence: 'certain',
    },
    { cause },
  )
}
