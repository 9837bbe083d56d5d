import { writeSync } from 'node:fs'
import { EXIT_FAILED } from '#cli/run-cli.ts'

/**
 * Whoever reads what a command says may go before it has said everything, as `head` does. The command’s work goes on to
 * its end, which may be what it was called for; only nobody is told any more. Where it cannot be written for another
 * reason, such as a full disk, the command ends: what it has to say may be what it was called for, too.
 */
export function outliveReaders(): void {
  process.stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exit(EXIT_FAILED)
  })
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return
    writeSync(process.stderr.fd, `The output cannot be written (${code}).\n`)
    process.exit(EXIT_FAILED)
  })
}
