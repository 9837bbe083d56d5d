import type { Program } from './claim.ts'
import { fullSync } from './full-sync/program.ts'
import { tokenCache } from './token-cache.ts'

/** In the order in which they run. */
export const PROGRAMS: readonly Program[] = [tokenCache, fullSync]
