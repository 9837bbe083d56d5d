import type { AADSTS } from '#emulator/entra/aadsts.ts'

/** `answer`: the pair of status and `error`, or that there is one and no page. `text`: the wording. `suberror`: that word. */
export type Part = 'answer' | 'text' | 'suberror'

/**
 * What of a refusal nobody could confirm: Microsoft’s pages name the code and its meaning only, and neither a recorded
 * answer nor a client’s own test shows the rest. It is a likely guess here; whoever has seen it corrects the table and
 * takes the line away.
 */
export const UNCONFIRMED: Readonly<Partial<Record<keyof typeof AADSTS, readonly Part[]>>> = {
  28000: ['answer', 'text'],
  28003: ['answer', 'text'],
  50011: ['answer'],
  50050: ['answer', 'text'],
  50053: ['text'],
  50105: ['answer'],
  50147: ['answer', 'text'],
  50149: ['answer'],
  50194: ['answer'],
  53000: ['answer', 'text', 'suberror'],
  65005: ['answer', 'text'],
  70018: ['text'],
  70025: ['answer'],
  90023: ['answer'],
  90055: ['answer', 'text'],
  90072: ['answer'],
  90093: ['answer', 'text'],
  90094: ['answer'],
  90095: ['answer', 'text'],
  500021: ['answer'],
  500112: ['answer', 'text'],
  500113: ['answer'],
  501491: ['answer'],
  650051: ['answer', 'text'],
  650052: ['answer'],
  650054: ['answer', 'text'],
  650056: ['answer'],
  650057: ['answer'],
  700005: ['answer'],
  700082: ['text'],
  700212: ['answer'],
  700213: ['answer'],
  700229: ['answer'],
  900561: ['answer'],
  900941: ['answer', 'text'],
  900971: ['answer'],
  900981: ['answer', 'text'],
  1000502: ['answer', 'text'],
  7000112: ['answer'],
  7000218: ['answer'],
  9001023: ['answer', 'text'],
  9002332: ['answer'],
}
