import { openLog } from '#base/log.ts'
import { askRunningProcess } from '#bin/command-socket.ts'
import { readSettings } from '#bin/read-settings.ts'
import type { Start } from '#bin/start.ts'
import { tellMistakes } from '#bin/tell-mistakes.ts'
import { FORWARDED } from '#cli/run-cli.ts'
import { Problem } from '#model/problem.ts'
import { folderHolder } from '#store/database/hold-folder.ts'
import type { Tools } from '#tools.ts'

type Chosen = {
  /** Asks the process that owns the embedded database to run the command; null when this process is to do it itself. */
  forward(): Promise<number | null>
  open(): Promise<Tools>
  [Symbol.asyncDispose](): Promise<void>
}

/** An embedded database has one owner. While it runs, commands are carried out there; otherwise here. */
export function chooseTools(start: Start, argv: readonly string[]): Chosen {
  let opening: Promise<Tools> | null = null
  const open = async () => {
    const { config, mistakes } = await readSettings(start)
    const { openTools } = await import('#tools.ts')
    if (config) return openTools(config, { log: openLog(quiet(config.logLevel), process.stderr) })
    tellMistakes(start.terminal, mistakes)
    throw new Problem({
      code: 'CONFIGURATION_INVALID',
      owner: 'operator',
      message: 'Nothing was done.',
      nextStep: 'Mend the settings above; `tenantry doctor` tries them all.',
      retry: 'never',
      confidence: 'certain',
    })
  }
  return {
    async forward() {
      if (!FORWARDED.includes(argv[0] ?? '')) return null
      const { databaseUrl, dataDir } = (await readSettings(start)).parts
      if (databaseUrl || !dataDir || folderHolder(dataDir) === null) return null
      return askRunningProcess(dataDir, argv, start)
    },
    open: () => {
      opening ??= open()
      return opening
    },
    async [Symbol.asyncDispose]() {
      const tools = await opening?.catch(() => null)
      await tools?.[Symbol.asyncDispose]()
    },
  }
}

/** A command's output is for its reader: only trouble is logged, and beside it. */
const quiet = (level: string): string => (['info', 'debug', 'trace'].includes(level) ? 'warn' : level)
