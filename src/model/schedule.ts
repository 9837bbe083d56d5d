import { CronExpressionParser } from 'cron-parser'

/** When a job is due in each tenant: every so many minutes, or by a cron expression of five fields, in UTC. */
export type Schedule = { everyMinutes: number } | string

/** The turn before a moment and the turn after it. The tenants of one turn start spread over so many seconds from it. */
export type Turns = { previous: Date; next: Date; spreadSeconds: number }

const MINUTE = 60_000
/** Who writes 3 o’clock means about 3 o’clock, and not all tenants within the same second. */
const LONGEST_CRON_SPREAD_SECONDS = 3_600
const TURNS_LOOKED_AT = 48

/**
 * The turns around a moment. With `everyMinutes` the tenants are spread over the whole period, with a cron expression
 * over at most an hour and never into the turn that follows.
 * @throws Error when the cron expression cannot be read
 */
export function turnsAround(schedule: Schedule, at: Date): Turns {
  if (typeof schedule === 'string') return cronTurns(schedule, at)
  const period = schedule.everyMinutes * MINUTE
  const previous = Math.floor(at.getTime() / period) * period
  return { previous: new Date(previous), next: new Date(previous + period), spreadSeconds: period / 1_000 }
}

function cronTurns(expression: string, at: Date): Turns {
  const parse = (currentDate: Date) => CronExpressionParser.parse(expression, { currentDate, tz: 'UTC' })
  const coming = parse(at).take(TURNS_LOOKED_AT)
  const times = coming.map((turn) => turn.toDate())
  const [next, second] = times
  if (!next || !second) throw new Error('The expression names no moment.')
  const gaps = times.slice(1).map((time, index) => time.getTime() - (times[index]?.getTime() ?? 0))
  return {
    previous: parse(next).prev().toDate(),
    next,
    spreadSeconds: Math.min(LONGEST_CRON_SPREAD_SECONDS, Math.min(...gaps) / 1_000),
  }
}

/** Why a cron expression cannot be used, in words; null when it can. */
export function cronFault(expression: string): string | null {
  if (expression.trim().split(/\s+/).length !== 5)
    return 'must have five fields: minute, hour, day of month, month, day of week'
  try {
    turnsAround(expression, new Date(0))
    return null
  } catch {
    return 'is not a cron expression'
  }
}

/** The schedule as people read it, and as it is compared with what it was. */
export function scheduleText(schedule: Schedule): string {
  if (typeof schedule === 'string') return `${schedule} (UTC)`
  return schedule.everyMinutes === 1 ? 'every minute' : `every ${schedule.everyMinutes} minutes`
}
