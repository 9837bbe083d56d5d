import type { Diagnosis, Problem } from '#model/problem.ts'
import type { Tenant } from '#model/tenant.ts'

/** Where a command writes. Given by whoever runs it: this process, or the one that asks through the socket. */
export type Terminal = {
  out(line: string): void
  err(line: string): void
  /** Puts a question to whoever sits there, and gives what he types; null where he has gone. Absent where nobody does. */
  ask?(question: string): Promise<string | null>
}

const OWNERS = {
  'customer-administrator': 'the customer’s administrator',
  operator: 'you, the operator',
  microsoft: 'Microsoft',
  nobody: 'nobody: waiting mends it',
} as const

/** A failure in three lines: what happened, who can mend it, what to do next. */
export const diagnosisText = ({ code, message, owner, nextStep }: Diagnosis): string[] => [
  `${code}: ${printable(message)}`,
  `  Who mends it: ${OWNERS[owner]}.`,
  `  Next step:    ${printable(nextStep)}`,
]

/** How a tenant stands, and what is to be done where something is wrong with it. */
export const standingText = ({ displayName, state }: Tenant, diagnosis: Diagnosis | null): string[] => [
  `${printable(displayName)} is ${state}.`,
  ...(diagnosis
    ? [`${diagnosis.code}: ${printable(diagnosis.message)}`, `Next step: ${printable(diagnosis.nextStep)}`]
    : []),
]

/** A problem in words, with what Microsoft’s support wants to know. */
export function tellProblem({ err }: Terminal, { diagnosis }: Problem): void {
  for (const line of diagnosisText(diagnosis)) err(line)
  if (diagnosis.sourceCode) err(`  Microsoft’s code: ${printable(diagnosis.sourceCode)}`)
  if (diagnosis.traceId) err(`  Trace id: ${printable(diagnosis.traceId)}`)
}

/** Where to sign in. On the error output, so that data stay data; the code is good for minutes, for whoever types it in first. */
export function tellInvitation({ err }: Terminal, { address, code }: { address: string; code: string }): void {
  err(`To sign in, open ${address} in a browser and type in the code ${code}.`)
  err('Only you: never pass the code on, and never type in one that somebody sent you.')
}

/** Says what is being done, and whether it was. */
export async function tellStep<Value>({ err }: Terminal, text: string, work: () => Promise<Value>): Promise<Value> {
  err(`… ${text}`)
  const value = await work()
  err(`✓ ${text}`)
  return value
}

/** Rows under headings, as wide as their contents. Control characters that came from a directory are shown, not obeyed. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(printable))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...clean.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(headings), line(widths.map((width) => '─'.repeat(width))), ...clean.map(line)].join('\n')
}

/**
 * Data for programs, as JSON that a terminal can show: what steers one or turns the direction of writing stands there
 * escaped, and is read back as it was. JSON escapes the control characters below U+0020 by itself.
 */
export const jsonText = (value: unknown, indent = 0): string =>
  JSON.stringify(value, null, indent).replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, escaped)

/** \uXXXX for each unit of UTF-16: two of them for what lies beyond U+FFFF. */
const escaped = (character: string): string =>
  [...Array(character.length).keys()]
    .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`)
    .join('')

/** A moment in UTC, to the second; nothing for none. */
export const timeText = (at: Date | null): string => at?.toISOString().slice(0, 19).replace('T', ' ') ?? ''

/** Text from outside as one harmless line: no escape sequences, no change of writing direction. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
