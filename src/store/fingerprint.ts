import { createHash } from 'node:crypto'
import { derivedOnce } from '#model/derived-once.ts'
import type { ResourceDefinition } from '#model/resource.ts'

/** What a reading asks for, in short. In which order the properties are written down means nothing. */
export const fingerprintOf = derivedOnce(({ path, select, key }: ResourceDefinition): string =>
  createHash('sha256')
    .update(`${path}?${[...select].sort().join(',')}#${key}`)
    .digest('hex')
    .slice(0, 16),
)
