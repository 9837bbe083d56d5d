/** What has ended within so long tells how many will end in a while; jobs that are fetched ahead wait for a place as long. */
const A_MOMENT_MILLISECONDS = 50
const MOMENTS_AHEAD = 4

/** How many will presumably end soon: as many in each moment as in the last one. */
export function openPace(): { count(): void; soon(): number } {
  let ends: number[] = []
  return {
    count: () => ends.push(performance.now()),
    soon() {
      const since = performance.now() - A_MOMENT_MILLISECONDS
      ends = ends.filter((end) => end >= since)
      return ends.length * MOMENTS_AHEAD
    },
  }
}
