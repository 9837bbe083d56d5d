/** A time as Graph writes it: no fraction where there is none. */
export const stamp = (at: Date): string => at.toISOString().replace('.000Z', 'Z')
