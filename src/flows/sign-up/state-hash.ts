import { createHash } from 'node:crypto'

/** What the database keeps of a `state` parameter: enough to recognise it, useless to whoever reads the row. */
export const stateHash = (state: string): string => createHash('sha256').update(state).digest('hex')
