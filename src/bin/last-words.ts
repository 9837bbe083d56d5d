import { openLog } from '#base/log.ts'

/**
 * What nobody has caught ends the process, as Node would end it. But Node prints the whole error, with whatever clients attach
 * to one: requests, their headers and their answers.
 */
export function lastWords(): void {
  const log = openLog('fatal', process.stderr)
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'something was thrown that nobody caught: the process ends')
    process.exit(1)
  })
}
