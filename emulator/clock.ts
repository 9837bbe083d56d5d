/** The emulator's time: the machine's, moved forward, or stopped, by hand through the control API. */
export type Clock = {
  now(): Date
  /** Whole seconds since 1970, as tokens want it. */
  seconds(): number
  advance(seconds: number): void
  /** How far it has been turned, in seconds. */
  offset(): number
  /** It stands still until it is reset: what happens meanwhile takes no time, however slow the machine is. */
  stop(): void
  isStopped(): boolean
  /** Goes again, at the machine's time. */
  reset(): void
  /** Calls back whenever somebody turns it. */
  onTurn(listener: () => void): void
}

export function openClock(): Clock {
  let turned = 0
  let stoppedAt: number | null = null
  const listeners: (() => void)[] = []
  const turn = (to: number) => {
    turned = to
    for (const hear of listeners) hear()
  }
  const now = () => new Date((stoppedAt ?? Date.now()) + turned * 1000)
  return {
    now,
    seconds: () => Math.floor(now().getTime() / 1000),
    advance: (seconds) => turn(turned + seconds),
    offset: () => turned,
    stop() {
      stoppedAt ??= Date.now()
    },
    isStopped: () => stoppedAt !== null,
    reset() {
      stoppedAt = null
      turn(0)
    },
    onTurn: (listener) => void listeners.push(listener),
  }
}
