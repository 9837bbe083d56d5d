import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#model/problem.ts'

type Ask = <Value>(question: () => Promise<Value>) => Promise<Value>

/** Whether whoever asks does so within an author’s transaction, however many calls further down. */
const within = new AsyncLocalStorage<{ isOpen: boolean }>()

/**
 * An author's own code while a transaction of his is open. An embedded database has one connection, so the transaction
 * is given back whatever the code does: when it asks nothing for so long, and when its run is over. What it asks
 * afterwards is refused, and what it asked without waiting for the answer is done before the transaction ends.
 * @param input.over aborted when the run is over
 * @throws Problem TRANSACTION_MISUSED when it asked nothing for too long; the reason of `over`; and whatever `work` throws
 */
export async function withinTransaction<Value>(
  { clock, silenceMilliseconds, over }: { clock: Clock; silenceMilliseconds: number; over: AbortSignal },
  work: (ask: Ask) => Promise<Value>,
): Promise<Value> {
  over.throwIfAborted()
  const transaction = { isOpen: true }
  const underWay = new Set<Promise<unknown>>()
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
  const end = () => giveUp(over.reason)
  over.addEventListener('abort', end, { once: true })
  let silence = new AbortController()
  const listen = () => {
    silence = new AbortController()
    clock.sleep(silenceMilliseconds, silence.signal).then(
      () => giveUp(leftSilent(silenceMilliseconds)),
      () => {},
    )
  }
  const ask: Ask = async (question) => {
    if (!transaction.isOpen) throw ended()
    silence.abort()
    const answer = question()
    underWay.add(answer)
    try {
      return await answer
    } finally {
      underWay.delete(answer)
      if (transaction.isOpen && underWay.size === 0) listen()
    }
  }
  listen()
  try {
    return await Promise.race([within.run(transaction, () => work(ask)), givenUp])
  } finally {
    transaction.isOpen = false
    over.removeEventListener('abort', end)
    silence.abort()
    await Promise.allSettled(underWay)
  }
}

/**
 * Stands before whatever needs a connection of its own: within a transaction it would wait for that one to end, and
 * that one for it. Refused on a server, too, so that a job behaves alike on both.
 * @throws Problem TRANSACTION_MISUSED
 */
export function refuseWithinTransaction(what: string): void {
  if (within.getStore()?.isOpen) throw used(what)
}

const misused = (message: string, nextStep: string): Problem =>
  new Problem({
    code: 'TRANSACTION_MISUSED',
    owner: 'operator',
    message,
    nextStep,
    retry: 'slowly',
    confidence: 'certain',
  })

const used = (what: string) =>
  misused(
    `The job used ${what} within \`db.transaction\`.`,
    'Do that before the transaction or after it; within one only its own `query` and `saveCheckpoint` may be used.',
  )

const leftSilent = (milliseconds: number) =>
  misused(
    `The job left a transaction open in which it asked nothing for ${milliseconds / 1_000} seconds.`,
    'Wait for other things before the transaction or after it, not within.',
  )

const ended = () =>
  misused(
    'The job used `query` or `saveCheckpoint` of a transaction that had ended.',
    'Await all that is asked within a transaction before its function ends.',
  )
