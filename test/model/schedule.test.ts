import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cronFault, type Schedule, turnsAround } from '#model/schedule.ts'

const MINUTE = 60_000
const HOUR_SECONDS = 3_600

const among = (least: number, most: number) => fc.integer({ min: least, max: most })
const field = (least: number, most: number) =>
  fc.oneof(
    fc.constant('*'),
    among(least, most).map(String),
    among(2, 20).map((step) => `*/${step}`),
    fc.tuple(among(least, most), among(least, most)).map((pair) => pair.toSorted((a, b) => a - b).join('-')),
  )
/** Days that every month has, so that each expression has turns. */
const cron = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map((five) => five.join(' '))
const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  cron,
  among(1, 40_000).map((everyMinutes) => ({ everyMinutes })),
)
const moments = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })

test('whatever the schedule and the moment, tenants are spread from one turn and never into the next', () => {
  fc.assert(
    fc.property(schedules, moments, (schedule, at) => {
      const { previous, next, spreadSeconds } = turnsAround(schedule, at)
      assert.ok(previous <= at && at < next, `${previous.toISOString()} ${at.toISOString()} ${next.toISOString()}`)
      assert.ok(spreadSeconds > 0)
      assert.ok(previous.getTime() + spreadSeconds * 1_000 <= next.getTime(), `${spreadSeconds} s`)
      if (typeof schedule === 'string') assert.ok(spreadSeconds <= HOUR_SECONDS)
      else assert.equal(spreadSeconds, schedule.everyMinutes * 60)
      assert.equal(previous.getTime() % MINUTE, 0)
    }),
    { numRuns: 300 },
  )
})

test('the turn that comes is the one before as soon as it has come, so nobody is left out or served twice', () => {
  fc.assert(
    fc.property(schedules, moments, (schedule, at) => {
      const { next } = turnsAround(schedule, at)
      assert.deepEqual(turnsAround(schedule, next).previous, next)
      assert.deepEqual(turnsAround(schedule, new Date(next.getTime() - 1)).next, next)
    }),
    { numRuns: 300 },
  )
})

test('what is no cron expression of five fields is refused in words', () => {
  for (const [text, fault] of [
    ['0 3 * *', /five fields/],
    ['0 0 3 * * *', /five fields/],
    ['61 3 * * *', /not a cron expression/],
    ['0 25 * * *', /not a cron expression/],
    ['three o’clock in the morning', /not a cron expression|five fields/],
  ] as const)
    assert.match(cronFault(text) ?? '', fault, text)
  fc.assert(fc.property(cron, (expression) => assert.equal(cronFault(expression), null)))
})
