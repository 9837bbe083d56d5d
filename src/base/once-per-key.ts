/**
 * Runs `work` once for each key at a time: callers that arrive while it runs share its outcome. The key is free again as
 * soon as the work has settled, whether it succeeded or failed.
 * @param inFlight belongs to whoever asks; it holds what is under way
 */
export function oncePerKey<Key, Value>(
  inFlight: Map<Key, Promise<Value>>,
  key: Key,
  work: () => Promise<Value>,
): Promise<Value> {
  const running = inFlight.get(key)
  if (running) return running
  const started = work().finally(() => inFlight.delete(key))
  inFlight.set(key, started)
  return started
}
