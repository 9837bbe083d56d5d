import type { Mistake } from '#config/mistake.ts'

/** What is wrong at one place of `tenantry.config.ts`, each step of the way to it by its name. */
export type DefinitionFault = Omit<Mistake, 'setting'> & { at: readonly string[] }
