import { inspect } from 'node:util'

/**
 * Gives an object another face wherever it is printed or turned into JSON; whoever reads its fields still finds them.
 * The face does not go along when the object is spread into another.
 */
export const conceal = <Value extends object>(object: Value, face: () => unknown): Value =>
  Object.defineProperties(object, { toJSON: { value: face }, [inspect.custom]: { value: face } })
