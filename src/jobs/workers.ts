import type { Jobs } from '#jobs/open.ts'

/** A process that does jobs. */
export type Worker = { host: string; pid: number; startedAt: Date; heardAt: Date }

/** Those that stopped within the last days are among them, and come first. */
const AT_MOST = 100_000

/** Those that have not stopped and were heard of within the last minute and a half, who began first first. */
export async function listWorkers({ boss }: Jobs): Promise<Worker[]> {
  const found = await boss.getInstances({ limit: AT_MOST })
  return found
    .filter(({ live }) => live)
    .map(({ host, pid, startedOn, heartbeatOn }) => ({
      host,
      pid,
      startedAt: new Date(startedOn),
      heardAt: new Date(heartbeatOn),
    }))
}
