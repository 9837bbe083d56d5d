import type { Handler } from 'hono'
import { show } from '#console/answers.ts'
import { actorOf, type Door, type Env, whenItBegins } from '#console/door.ts'
import { incidentsView, type ShownCredentials } from '#console/views/incidents-view.ts'
import { jobsView } from '#console/views/jobs-view.ts'
import { listCredentials, ownCredential } from '#flows/credentials/list-credentials.ts'
import { closeIncidentBy } from '#flows/incidents/close-incident.ts'
import { listGivenUp } from '#flows/queue/list-given-up.ts'
import { listJobs } from '#flows/queue/list-jobs.ts'
import { retryDeadLetter } from '#flows/queue/retry-dead-letter.ts'
import { givenUpIn, queueDepth } from '#jobs/inspect.ts'
import type { IncidentId } from '#model/incident.ts'
import { Problem } from '#model/problem.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { tenantNames } from '#store/tenant-names.ts'

export const incidents =
  (door: Door): Handler<Env> =>
  async (c) => {
    const { store, clock, log } = door.tools
    const credentials = await listCredentials(door.tools).catch((error: unknown): ShownCredentials => {
      if (!(error instanceof Problem)) throw error
      log.warn({ err: error }, 'the app’s credentials could not be read')
      return { credentials: [ownCredential(door.tools)], registrationRead: false, problem: error.diagnosis }
    })
    const page = await asFleet(store, async (sql) => {
      const found = await listIncidents(sql)
      const names = await tenantNames(
        sql,
        found.flatMap(({ tenantId }) => tenantId ?? []),
      )
      return incidentsView({ incidents: found, names, credentials, now: clock.now() })
    })
    return show(c, door, page)
  }

export const closeIncident =
  (door: Door): Handler<Env> =>
  async (c) => {
    const { code } = await closeIncidentBy(door.tools, {
      id: (c.req.param('incidentId') ?? '') as IncidentId,
      actor: actorOf(c.get('operator')),
    })
    door.fleet.forget()
    await door.sessions.tell(c, {
      tone: 'success',
      title: 'The incident is closed',
      text: `Should it happen again, a new one is opened (${code}).`,
    })
    return c.redirect('/incidents', 303)
  }

export const jobs =
  (door: Door): Handler<Env> =>
  async (c) => {
    const { store, clock } = door.tools
    const letters = await listGivenUp(door.tools)
    const givenUp = givenUpIn(await queueDepth(door.tools.jobs))
    const names = await asFleet(store, (sql) =>
      tenantNames(
        sql,
        letters.flatMap(({ tenantId }) => tenantId ?? []),
      ),
    )
    return show(c, door, jobsView({ jobs: await listJobs(door.tools), letters, givenUp, names, now: clock.now() }))
  }

export const retryJob =
  (door: Door): Handler<Env> =>
  async (c) => {
    const letter = await retryDeadLetter(door.tools, {
      id: c.req.param('letterId') ?? '',
      actor: actorOf(c.get('operator')),
    })
    door.fleet.forget()
    await door.sessions.tell(c, {
      tone: 'success',
      title: 'It is tried again',
      text: `${letter.job ?? letter.name} is in the queue; it begins ${await whenItBegins(door)}.`,
    })
    return c.redirect('/jobs', 303)
  }
