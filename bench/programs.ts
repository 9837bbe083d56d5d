import type { Program } from './claim.ts'
import { emulatorMemory } from './emulator/memory.ts'
import { emulatorPages } from './emulator/pages.ts'
import { emulatorStart } from './emulator/start.ts'
import { emulatorTokens } from './emulator/tokens.ts'
import { deltaRound } from './fleet/delta-round.ts'
import { workers } from './fleet/workers.ts'
import { fullSync } from './full-sync/program.ts'
import { planning } from './planning.ts'
import { throttleDelay, throttleUse } from './throttle/program.ts'
import { tokenCache } from './token-cache.ts'

/** In the order in which they run. */
export const PROGRAMS: readonly Program[] = [
  tokenCache,
  fullSync,
  deltaRound,
  workers,
  throttleUse,
  throttleDelay,
  planning,
  emulatorStart,
  emulatorMemory,
  emulatorTokens,
  emulatorPages,
]
