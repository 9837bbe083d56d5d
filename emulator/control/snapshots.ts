import { copyDirectory, type Directory, replaceDirectory } from '#emulator/directory/open.ts'
import type { World } from '#emulator/world.ts'

/** Copies of the whole directory and of the time, to go back to; they live as long as the emulator. */
export type Snapshots = {
  take(): string
  /** @returns false when there is no such snapshot */
  restore(id: string): boolean
  list(): string[]
  clear(): void
}

/** @param forget what the sign-in pages remember would name people and codes that may not be there any more */
export function openSnapshots({ directory, clock, lag }: World, forget: () => void): Snapshots {
  const kept = new Map<string, { offset: number; contents: Directory }>()
  let last = 0
  return {
    take() {
      last += 1
      kept.set(String(last), { offset: clock.offset(), contents: copyDirectory(directory) })
      return String(last)
    },
    restore(id) {
      const found = kept.get(id)
      if (!found) return false
      clock.advance(found.offset - clock.offset())
      replaceDirectory(directory, copyDirectory(found.contents))
      // What the snapshot holds is old: replicas know it.
      lag.set(lag.settings())
      forget()
      return true
    },
    list: () => [...kept.keys()],
    clear: () => kept.clear(),
  }
}
