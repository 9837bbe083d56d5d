/** What follows from something that does not change is worked out once, and kept for as long as that is. */
export function derivedOnce<From extends object, Value>(derive: (from: From) => Value): (from: From) => Value {
  const known = new WeakMap<From, { value: Value }>()
  return (from) => {
    const found = known.get(from) ?? { value: derive(from) }
    known.set(from, found)
    return found.value
  }
}
