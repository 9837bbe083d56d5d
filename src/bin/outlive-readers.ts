/**
 * Whoever reads what a command says may go before it has said everything, as `head` does. The command’s work goes on to
 * its end, which may be what it was called for; only nobody is told any more. Any other failure to write is one.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
}
