const EXIT_AFTER_SECOND_SIGNAL = 130

/** Aborts on the first SIGINT or SIGTERM, so that work ends in order; the second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) process.exit(EXIT_AFTER_SECOND_SIGNAL)
    stopping.abort(new Error('The process was asked to stop.'))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return stopping.signal
}
