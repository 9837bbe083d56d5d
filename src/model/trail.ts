/** How many pages a round has read, and one link that it has come past. */
export type Trail = { pages: number; milestone: string | null }

export const NO_TRAIL: Trail = { pages: 0, milestone: null }

/**
 * Follows a round’s links. One of them is remembered, and a later one whenever twice as many have been followed: a circle,
 * however long it is and whoever goes round in it, comes past that link before it is gone round in for the third time.
 * @returns null where the links lead in a circle
 * @see R. P. Brent, An improved Monte Carlo factorization algorithm, BIT 20 (1980)
 */
export function followTrail({ pages, milestone }: Trail, links: readonly string[]): Trail | null {
  let trail: Trail = { pages, milestone }
  for (const link of links) {
    if (link === trail.milestone) return null
    const next = trail.pages + 1
    trail = { pages: next, milestone: isPowerOfTwo(next) ? link : trail.milestone }
  }
  return trail
}

const isPowerOfTwo = (count: number): boolean => Number.isInteger(Math.log2(count))
