import { Problem } from '#model/problem.ts'

export const tooLarge = (maxBytes: number) =>
  new Problem({
    code: 'ANSWER_UNREADABLE',
    owner: 'microsoft',
    message: `An answer was larger than ${maxBytes} bytes.`,
    nextStep: 'It is tried again later by itself.',
    retry: 'backoff',
    confidence: 'certain',
  })
