import { readFileSync } from 'node:fs'
import { codeOf } from '#base/code-of.ts'
import type { Mistake } from '#config/mistake.ts'

/** What stands in the file that a setting names; null where it cannot be read, which `mistakes` then tells. */
export function readText(setting: string, file: string, mistakes: Mistake[], nextStep: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = codeOf(error)
    mistakes.push({
      setting,
      message: `names a file that cannot be read: ${file}${reason && ` (${reason})`}`,
      nextStep,
    })
    return null
  }
}
