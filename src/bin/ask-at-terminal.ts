import { createInterface } from 'node:readline'

/**
 * Puts questions to whoever sits at this process’s terminal, beside its data; undefined where nobody does. The line is the
 * terminal’s own, so that Ctrl-C stays a signal.
 */
export function askAtTerminal(signal: AbortSignal): ((question: string) => Promise<string | null>) | undefined {
  const { stdin: input, stderr: output } = process
  if (!input.isTTY || !output.isTTY) return undefined
  return (question) =>
    new Promise((settle) => {
      const lines = createInterface({ input, output, terminal: false })
      const leave = () => lines.close()
      lines.once('close', () => {
        signal.removeEventListener('abort', leave)
        settle(null)
      })
      signal.addEventListener('abort', leave, { once: true })
      if (signal.aborted) return leave()
      lines.question(question, (answer) => {
        settle(answer)
        leave()
      })
    })
}
