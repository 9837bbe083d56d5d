import { InvalidArgumentError, Option } from 'commander'
import type { Terminal } from '#cli/terminal.ts'

/** `--limit COUNT` */
export const limitOption = (count: number): Option =>
  new Option('--limit <count>', 'at most so many').argParser(positive).default(count)

function positive(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above zero.')
}

/**
 * Says on the error output that a list goes on, whose reader would take it for the whole.
 * @param list.asked one more than is shown, where there is one
 * @param list.others what else finds those that are not shown
 */
export function tellMore(
  { err }: Terminal,
  { asked, limit, others = '' }: { asked: readonly unknown[]; limit: number; others?: string },
): void {
  if (asked.length > limit) err(`There are more than these ${limit}: --limit shows more${others}.`)
}
