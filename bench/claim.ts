/** What two things cost, measured side by side in one run, so that the machine cancels out. */
export type Measured = { ours: number; other: number; unit: string }

/** One claim about speed: ours divided by the other must stay below, or reach, what is wanted. */
export type Claim = {
  name: string
  /** In words, with what it is compared. */
  about: string
  wanted: { atMost: number } | { atLeast: number }
}

export type Program = {
  name: string
  claims: readonly Claim[]
  /** @returns what was measured, by the name of the claim */
  run(tell: (line: string) => void): Promise<Record<string, Measured>>
}

export const holds = ({ wanted }: Claim, ratio: number): boolean =>
  'atMost' in wanted ? ratio <= wanted.atMost : ratio >= wanted.atLeast

export const inWords = ({ wanted }: Claim): string =>
  'atMost' in wanted ? `at most ${wanted.atMost}` : `at least ${wanted.atLeast}`

/** The middle of several measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}
