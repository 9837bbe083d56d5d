import type { Terminal } from '#cli/terminal.ts'
import type { Mistake } from '#config/mistake.ts'

/** Everything that is wrong, together, each with what to do. */
export function tellMistakes({ err }: Terminal, mistakes: readonly Mistake[]): void {
  const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`
  err(`Tenantry cannot start: ${count} in its configuration.`)
  for (const mistake of mistakes) tell(err, mistake)
}

/** What looks wrong but may pass by itself: told, and lived with. */
export function tellDoubts({ err }: Terminal, doubts: readonly Mistake[]): void {
  if (doubts.length === 0) return
  err('Starting all the same, but:')
  for (const doubt of doubts) tell(err, doubt)
}

function tell(err: Terminal['err'], { setting, message, nextStep }: Mistake): void {
  err('')
  err(`  ${setting}: ${message}`)
  err(`    → ${nextStep}`)
}
