/** How many live pages one site of this process keeps up to date. Each of them asks the database again and again. */
export type Streams = {
  /** A place for one more, or why there is none. */
  take(watcher: string): { leave(): void } | 'watcher-has-enough' | 'all-taken'
}

/** Tabs that one person keeps open. */
const EACH = 4
/** About 180 looks a second: everything else goes on beside them. */
const ALL = 128

export function openStreams(): Streams {
  const open = new Map<string, number>()
  let all = 0
  const count = (watcher: string, by: 1 | -1) => {
    const left = (open.get(watcher) ?? 0) + by
    all += by
    if (left > 0) open.set(watcher, left)
    else open.delete(watcher)
  }
  return {
    take(watcher) {
      if ((open.get(watcher) ?? 0) >= EACH) return 'watcher-has-enough'
      if (all >= ALL) return 'all-taken'
      count(watcher, 1)
      return { leave: () => count(watcher, -1) }
    },
  }
}
