import type { Answer } from '#emulator/graph/call.ts'

const MAX_BYTES = 64 * 1024 * 1024

/** Answers that were written before and would be written the same again; the oldest make room. */
export function openBodies() {
  const answers = new Map<string, Answer>()
  let bytes = 0
  return {
    get: (key: string): Answer | undefined => answers.get(key),
    /** @returns the answer with its body as bytes, ready to send again */
    keep(key: string, answer: Answer): Answer {
      const body = typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body
      const kept = { ...answer, body }
      answers.set(key, kept)
      bytes += sizeOf(kept)
      for (const [oldest, old] of answers) {
        if (bytes <= MAX_BYTES) break
        answers.delete(oldest)
        bytes -= sizeOf(old)
      }
      return kept
    },
  }
}

const sizeOf = ({ body }: Answer): number => 200 + (body?.length ?? 0)
