import type { Migration } from 'kysely/migration'
import { first } from '#store/migrations/0001-first.ts'

/** In order of their names. A released migration is never edited. */
export const MIGRATIONS: Record<string, Migration> = {
  '0001-first': first,
}
