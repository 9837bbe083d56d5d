/**
 * Runs `work` once for each key at a time: callers that arrive while it runs share its outcome.
 * The key is free again as soon as the work has settled, whether it succeeded or failed.
 */
export function oncePerKey<Key, Value>(work: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const inFlight = new Map<Key, Promise<Value>>()
  return (key) => {
    const running = inFlight.get(key)
    if (running) return running
    const started = work(key).finally(() => inFlight.delete(key))
    inFlight.set(key, started)
    return started
  }
}
