import { setTimeout as pause } from 'node:timers/promises'
import type { JobAttempt } from 'pg-boss'
import { type Aside, openPlaces } from '#base/places.ts'
import { type FetchedJob, fetchJobs } from '#jobs/fetch-jobs.ts'
import { JOB_NAMES, type JobName, QUEUES, type TaskTable } from '#jobs/names.ts'
import type { Jobs } from '#jobs/open.ts'
import { openPlace } from '#jobs/open-place.ts'
import { openSettling } from '#jobs/open-settling.ts'
import { openPace } from '#jobs/pace.ts'
import { runOne } from '#jobs/run-one.ts'
import { hasten, lost } from '#jobs/signs-of-life.ts'

export type Runner = {
  /**
   * Takes no new job, lets the running ones finish within the grace, then tells them to stop; they will be tried again.
   * Whoever has not stopped `partingMilliseconds` later is given back as he is.
   */
  stop(options?: { graceMilliseconds?: number; partingMilliseconds?: number }): Promise<void>
}

const POLL_MILLISECONDS = 500
/** After an end, so many more ends may come before the free places are filled with one question. */
const GATHER_MILLISECONDS = 10
const DEFAULT_GRACE_MILLISECONDS = 10_000
const DEFAULT_PARTING_MILLISECONDS = 5_000

/** A job that waits in memory is cheap, but not for nothing: for each place so many at most. */
const WAITING_FOR_EACH_PLACE = 16

/** Does jobs until stopped, at most `concurrency` of each kind at a time; those that only wait for Graph are not counted. */
export function startRunner(jobs: Jobs, tasks: TaskTable, { concurrency }: { concurrency: number }): Runner {
  const lines = JOB_NAMES.map((name) => openLine(jobs, tasks, name, concurrency))
  return {
    async stop({
      graceMilliseconds = DEFAULT_GRACE_MILLISECONDS,
      partingMilliseconds = DEFAULT_PARTING_MILLISECONDS,
    } = {}) {
      await Promise.all(lines.map((line) => line.stop(graceMilliseconds, partingMilliseconds)))
    },
  }
}

/** One kind of work: fetches as many jobs as there are free places, and settles those that have ended together. */
function openLine<Name extends JobName>(jobs: Jobs, tasks: TaskTable, name: Name, concurrency: number) {
  /** By the attempt, not by the job: one that was taken from us may come back to us while its earlier attempt goes on. */
  const running = new Map<JobAttempt, AbortController>()
  const stopping = new AbortController()
  const settle = openSettling(jobs, name, stopping.signal)
  let ended = Promise.withResolvers<void>()
  const tell = () => {
    ended.resolve()
    ended = Promise.withResolvers<void>()
  }
  const places = openPlaces(concurrency, tell)
  const pace = openPace()
  let preparing = 0
  const countPreparing = (by: 1 | -1) => {
    preparing += by
  }
  /** Those that wait for their end to be written are none of these, though they are alive until it is. */
  let unfinished = 0
  const countEnd = () => {
    unfinished -= 1
    pace.count()
  }
  /**
   * Where jobs end fast, the next ones are fetched before their places are free: the queue is asked for many at once. None
   * only while some are unfinished, whose end asks again.
   */
  const wanted = () => {
    const soon = pace.soon()
    const wanted = places.free() + soon - places.waiting() - preparing
    const room = concurrency * (1 + WAITING_FOR_EACH_PLACE) - unfinished
    return wanted > soon / 2 ? Math.min(wanted, room) : 0
  }

  const begin = (job: FetchedJob) => {
    const attempt = { id: job.id, retryCount: job.retryCount }
    const abort = new AbortController()
    running.set(attempt, abort)
    const { prepares = false } = tasks[name]
    const place = openPlace(places, { prepares: countPreparing, left: countEnd }, prepares)
    unfinished += 1
    const prepare: Aside = async (wait) => {
      try {
        return await place.prepare(wait)
      } finally {
        if (stopping.signal.aborted) abort.abort(new Error('The process is stopping.'))
      }
    }
    void (prepares ? Promise.resolve() : place.comeIn())
      // What was fetched ahead and has no place yet when the process is told to stop is given back.
      .then(() =>
        stopping.signal.aborted
          ? 'INTERRUPTED'
          : runOne(jobs, tasks, name, job, {
              signal: abort.signal,
              aside: place.aside,
              prepare,
              leave: place.leave,
            }),
      )
      .then((failure) => settle(attempt, failure))
      .finally(() => {
        running.delete(attempt)
        place.leave()
        tell()
      })
  }

  const pull = async () => {
    while (!stopping.signal.aborted) {
      if (tasks[name].isLeft?.()) {
        await firstOf(undefined, POLL_MILLISECONDS, stopping.signal)
        continue
      }
      const count = wanted()
      const enough = new AbortController()
      const rung = count > 0 ? jobs.bell?.rung(name, enough.signal) : undefined
      const found = count > 0 ? await fetchSome(jobs, name, count) : []
      for (const job of found) begin(job)
      if (count <= 0) {
        await ended.promise
        await pause(GATHER_MILLISECONDS)
      } else if (found.length < count) await firstOf(rung, POLL_MILLISECONDS, stopping.signal)
      // What rings seldom would remember everybody who has ever waited for it.
      enough.abort()
    }
  }

  /** A job that is no longer ours was given to another worker while we were silent: it must not go on here. */
  const beat = async () => {
    const period = (QUEUES[name].heartbeatSeconds * 1_000) / 3
    while (!stopping.signal.aborted || running.size > 0) {
      await pause(period, undefined, { signal: stopping.signal }).catch(() => pause(POLL_MILLISECONDS))
      await hasten(jobs, name)
      for (const attempt of await lost(jobs, name, [...running.keys()])) {
        const abort = running.get(attempt)
        // What has ended meanwhile is not ours any more, either.
        if (!abort) continue
        jobs.log.warn({ job: name, jobId: attempt.id }, 'a job was given to another worker')
        abort.abort(new Error('The job was given to another worker.'))
      }
    }
  }

  /** Of what has not stopped though it was told to. Whatever it does from now on counts for nothing. */
  const giveBack = async () => {
    const attempts = [...running.keys()]
    running.clear()
    for (const { id } of attempts) jobs.log.warn({ job: name, jobId: id }, 'a job did not stop in time')
    await Promise.all(attempts.map((attempt) => settle(attempt, 'INTERRUPTED')))
  }

  const pulling = pull()
  const beating = beat()
  return {
    async stop(graceMilliseconds: number, partingMilliseconds: number) {
      stopping.abort()
      tell()
      const grace = setTimeout(() => {
        for (const abort of running.values()) abort.abort(new Error('The process is stopping.'))
      }, graceMilliseconds)
      let isOver = false
      const parting = setTimeout(() => {
        isOver = true
        tell()
      }, graceMilliseconds + partingMilliseconds)
      // A question to a database that is frozen may be under way for longer than the grace.
      await pulling
      while (running.size > 0 && !isOver) await ended.promise
      clearTimeout(grace)
      clearTimeout(parting)
      await giveBack()
      await beating
      await settle.rest()
    },
  }
}

async function fetchSome(jobs: Jobs, name: JobName, count: number): Promise<FetchedJob[]> {
  try {
    return await fetchJobs(jobs, name, count)
  } catch (error) {
    jobs.log.warn({ err: error, job: name }, 'jobs could not be fetched')
    await pause(POLL_MILLISECONDS)
    return []
  }
}

/**
 * Waits until it has happened, or for so long, or until it is told to stop. Somebody has to see to it that it does happen
 * some time: a promise keeps all that was ever raced against it.
 */
async function firstOf(happened: Promise<void> | undefined, milliseconds: number, stop: AbortSignal): Promise<void> {
  const enough = new AbortController()
  const passed = pause(milliseconds, undefined, { signal: AbortSignal.any([enough.signal, stop]) }).catch(() => {})
  await Promise.race([passed, ...(happened ? [happened] : [])])
  enough.abort()
}
