import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '#base/code-of.ts'
import type { Config } from '#config.ts'
import { makeDataFolder } from '#store/database/data-folder.ts'

const KEY_BYTES = 32

/** The configured key, or one made once and kept beside the data, readable by its owner only. */
export function sessionKeyOf({ sessionKey, dataDir }: Config): Uint8Array {
  if (sessionKey) return sessionKey
  const file = join(dataDir, 'session.key')
  makeDataFolder(dataDir)
  try {
    writeFileSync(file, randomBytes(KEY_BYTES).toString('base64'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  return new Uint8Array(Buffer.from(readFileSync(file, 'utf8'), 'base64'))
}
