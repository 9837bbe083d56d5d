import { Agent } from 'undici'
import type { Log } from '#base/log.ts'

/** The one way out: every byte that this program sends to Microsoft goes through here. */
export type Outbound = {
  /** Exact origins that may be spoken to. */
  origins: readonly string[]
  dispatcher: Pick<Agent, 'dispatch'>
  log: Log
  /** Calls `pass` once an exchange has taken so many milliseconds. @returns what says that it has ended before */
  deadline(milliseconds: number, pass: () => void): () => void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const CONNECT_TIMEOUT_MILLISECONDS = 10_000
const CONNECTIONS_PER_ORIGIN = 64

/**
 * @param input.origins where requests may go: login and Graph of the configured cloud, and nowhere else
 * @param input.ca an extra certificate authority, PEM: the emulator's
 */
export function openOutbound({
  origins,
  ca,
  log,
}: {
  origins: readonly string[]
  ca?: string | string[]
  log: Log
}): Outbound {
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MILLISECONDS, ...(ca ? { ca } : {}) },
    connections: CONNECTIONS_PER_ORIGIN,
    keepAliveTimeout: 30_000,
  })
  const close = async () => {
    await agent.destroy()
  }
  return {
    origins,
    dispatcher: agent,
    log,
    deadline(milliseconds, pass) {
      const timer = setTimeout(pass, milliseconds)
      return () => clearTimeout(timer)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
