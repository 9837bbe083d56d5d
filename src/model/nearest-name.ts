/** Of the names that there are, the one that somebody most likely meant; null when nothing is near. */
export function nearestName(given: string, names: readonly string[]): string | null {
  const wanted = given.toLowerCase()
  const ranked = names.map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
  const near = ranked.filter((one) => one.distance <= Math.max(2, Math.floor(given.length / 6)))
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.name ?? null
}

/** How many letters have to change (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...left].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...right].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
