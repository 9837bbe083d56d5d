import type { Context, Handler } from 'hono'
import { show } from '#console/answers.ts'
import { atLeisure } from '#console/at-leisure.ts'
import { actorOf, type Door, type Env, invitationLink, whenItBegins } from '#console/door.ts'
import type { Flash } from '#console/session.ts'
import { offboardView } from '#console/views/offboard-view.ts'
import { MAX_REASON_CHARACTERS } from '#console/views/tenant-actions.ts'
import { isMoving, runsBody } from '#console/views/tenant-runs.ts'
import { tenantView } from '#console/views/tenant-view.ts'
import { writeGrantScript } from '#flows/grants/write-grant-script.ts'
import { listTenantJobs } from '#flows/queue/list-tenant-jobs.ts'
import { retryDeadLetter } from '#flows/queue/retry-dead-letter.ts'
import { allowRemoval as allowLargeRemoval } from '#flows/sync/allow-removal.ts'
import { syncNow } from '#flows/sync/sync-now.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { pauseTenant, resumeTenant } from '#flows/tenants/pause-tenant.ts'
import { countStoredIn, showTenant } from '#flows/tenants/show-tenants.ts'
import { knownTenant, verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { parseTenantId, type TenantId } from '#model/ids.ts'
import { diagnose, Problem } from '#model/problem.ts'
import { streamView } from '#pages/live.ts'

type OperatorHandler = (door: Door) => Handler<Env>

export const tenant: OperatorHandler = (door) => async (c) => {
  const tenantId = tenantIdOf(c)
  const { config, clock } = door.tools
  const story = await showTenant(door.tools, tenantId)
  const page = tenantView({
    story,
    jobs: await listTenantJobs(door.tools, tenantId),
    declared: config.app.permissions,
    invitation: invitationLink(door, tenantId),
    script: writeGrantScript(door.tools, tenantId),
    now: clock.now(),
  })
  return show(c, door, page)
}

/** What is read of the tenant, while it is being read. */
export const events: OperatorHandler = (door) => async (c) => {
  const tenantId = tenantIdOf(c)
  await knownTenant(door.tools, tenantId)
  const counted = atLeisure(door.tools.clock, () => countStoredIn(door.tools, tenantId))
  const look = async () => {
    const now = door.tools.clock.now()
    const story = await showTenant(door.tools, tenantId, { counts: await counted.look() })
    if (isMoving(story, now)) return { show: runsBody(story, now) }
    return { show: runsBody(await showTenant(door.tools, tenantId), now), done: true }
  }
  return streamView(c, door, { watcher: c.get('operator').objectId, look })
}

export const script: OperatorHandler = (door) => async (c) => {
  const tenantId = tenantIdOf(c)
  await showTenant(door.tools, tenantId)
  return c.body(writeGrantScript(door.tools, tenantId), 200, {
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename="grant-permissions-${tenantId}.sh"`,
  })
}

export const verify: OperatorHandler = (door) =>
  doing(door, async ({ tenantId, actor }) => {
    const { tenant, diagnosis } = await verifyTenant(door.tools, { tenantId, actor })
    return diagnosis
      ? {
          tone: 'warning',
          title: `${tenant.displayName} is ${tenant.state}`,
          text: `${diagnosis.message} ${diagnosis.nextStep}`,
        }
      : {
          tone: 'success',
          title: 'Everything that we need is there',
          text: `${tenant.displayName} is ${tenant.state}.`,
        }
  })

export const sync: OperatorHandler = (door) =>
  doing(door, async (order) => {
    await syncNow(door.tools, order)
    return { tone: 'success', title: 'A run has been asked for', text: `It begins ${await whenItBegins(door)}.` }
  })

export const retryJob: OperatorHandler = (door) => (c) =>
  carryOut(c, door, async ({ tenantId, actor }) => {
    const id = c.req.param('letterId') ?? ''
    await knownTenant(door.tools, tenantId)
    const { job, name } = await retryDeadLetter(door.tools, { id, actor, tenantId })
    return { tone: 'success', title: 'It is tried again', text: `${job ?? name} begins ${await whenItBegins(door)}.` }
  })

const SAY_WHY: Flash = {
  tone: 'danger',
  title: 'Nothing was done',
  text: 'Say why, so that your colleagues understand.',
}

export const allowRemoval: OperatorHandler = (door) =>
  doing(door, async ({ reason, ...order }) => {
    if (!reason) return SAY_WHY
    await allowLargeRemoval(door.tools, { ...order, reason })
    return {
      tone: 'success',
      title: 'The removal is allowed, once',
      text: `The next reading has been asked for; it begins ${await whenItBegins(door)}.`,
    }
  })

export const pause: OperatorHandler = (door) =>
  doing(door, async ({ reason, ...order }) => {
    if (!reason) return SAY_WHY
    const { displayName } = await pauseTenant(door.tools, { ...order, reason })
    return {
      tone: 'success',
      title: `${displayName} is paused`,
      text: 'The daemon leaves it alone until somebody resumes it.',
    }
  })

export const resume: OperatorHandler = (door) =>
  doing(door, async ({ reason, ...order }) => {
    const { displayName } = await resumeTenant(door.tools, { ...order, reason: reason || 'Resumed in the console.' })
    return {
      tone: 'success',
      title: `${displayName} is active again`,
      text: `A run has been asked for; it begins ${await whenItBegins(door)}.`,
    }
  })

export const confirmOffboard: OperatorHandler = (door) => async (c) =>
  show(c, door, offboardView(await showTenant(door.tools, tenantIdOf(c))))

export const offboard: OperatorHandler = (door) => async (c) => {
  const story = await showTenant(door.tools, tenantIdOf(c))
  const { name, reason } = await typedIn(c)
  if (!sameName(name, story.tenant.displayName))
    return show(
      c,
      door,
      offboardView(story, { reason, mistake: 'The name that you typed is another one. Nothing was done.' }),
      400,
    )
  if (!reason)
    return show(c, door, offboardView(story, { mistake: 'Say why, so that your colleagues understand.' }), 400)
  return carryOut(c, door, async (order) => {
    const { displayName } = await offboardTenant(door.tools, { ...order, reason })
    return {
      tone: 'success',
      title: `${displayName} is offboarded`,
      text: 'What was read from its directory is deleted.',
    }
  })
}

type Order = { tenantId: TenantId; actor: string; reason: string }
type Act = (order: Order) => Promise<Flash>

const doing =
  (door: Door, act: Act): Handler<Env> =>
  (c) =>
    carryOut(c, door, act)

/** Does it in the operator's name, and tells on the tenant's page what came of it. */
async function carryOut(c: Context<Env>, door: Door, act: Act): Promise<Response> {
  const tenantId = tenantIdOf(c)
  const { reason } = await typedIn(c)
  const flash = await act({ tenantId, actor: actorOf(c.get('operator')), reason }).catch(refusalAsFlash)
  door.fleet.forget()
  await door.sessions.tell(c, flash)
  return c.redirect(`/tenants/${tenantId}`, 303)
}

/** What a flow refuses is told; a tenant that does not exist has no page to tell it on. */
function refusalAsFlash(thrown: unknown): Flash {
  const { code, message, nextStep } = diagnose(thrown)
  if (!(thrown instanceof Problem) || ['TENANT_UNKNOWN', 'JOB_UNKNOWN'].includes(code)) throw thrown
  return { tone: 'danger', title: message, text: nextStep }
}

async function typedIn(c: Context): Promise<{ name: string; reason: string }> {
  const { name, reason } = await c.req.parseBody()
  const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  return { name: text(name), reason: text(reason).slice(0, MAX_REASON_CHARACTERS) }
}

/** As people see a name: browsers show runs of spaces as one, and nobody can type what has no shape. */
const seen = (name: string): string =>
  name
    .normalize()
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
const sameName = (typed: string, name: string): boolean => seen(typed) === seen(name)

/** @throws Problem TENANT_UNKNOWN */
function tenantIdOf(c: Context): TenantId {
  const tenantId = parseTenantId(c.req.param('tenantId'))
  if (tenantId) return tenantId
  throw new Problem({
    code: 'TENANT_UNKNOWN',
    owner: 'operator',
    message: 'The address names no tenant: a tenant id is a GUID.',
    nextStep: 'Look for the tenant in the list.',
    retry: 'never',
    confidence: 'certain',
  })
}
