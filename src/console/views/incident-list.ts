import { html } from 'hono/html'
import { codeInWords } from '#console/problem-words.ts'
import { counted } from '#console/views/figure.ts'
import { ago } from '#console/views/moment.ts'
import type { TenantId } from '#model/ids.ts'
import type { Incident } from '#model/incident.ts'
import { action } from '#pages/components/button.ts'
import { icon } from '#pages/components/icon.ts'
import { TONE_ICONS } from '#pages/components/notice.ts'
import { prose } from '#pages/components/prose.ts'
import type { Html } from '#pages/html.ts'

type Names = ReadonlyMap<TenantId, string>

const isWarning = ({ code }: Incident): boolean => code === 'CREDENTIAL_EXPIRING'
/** What holds the work for everybody, then what must never happen, then what will be. */
const urgency = (incident: Incident): number => (incident.holds ? 0 : isWarning(incident) ? 2 : 1)

/** Open incidents, the most urgent first, each with what it is and the button that says a person has looked at it; to stand below a second heading. */
export const openIncidents = (incidents: readonly Incident[], names: Names, now: Date): Html => html`
  <ul class="incidents">${incidents.toSorted((one, other) => urgency(one) - urgency(other)).map((incident) => openIncident(incident, names, now))}</ul>`

const openIncident = (incident: Incident, names: Names, now: Date): Html => {
  const { id, code, diagnosis, holds, hosts, openedAt, times } = incident
  const tone = isWarning(incident) ? 'warning' : 'danger'
  return html`
    <li class="diagnosis ${tone}">
      <h3 class="diagnosis-what">${icon(TONE_ICONS[tone])}<span>${codeInWords(code)} <span class="whose">${whoseIs(incident, names)}</span></span></h3>
      <p>${diagnosis.message}</p>
      ${holds && html`<p><strong>The daemon leaves Microsoft alone until this is over.</strong> It looks every minute, and goes on by itself; closing this lets it go on at once.</p>`}
      ${hosts.length > FEW && html`<p>It is refused on <bdi>${hosts.join(', ')}</bdi>.</p>`}
      ${hosts.length > 0 && html`<p><strong>${hosts.length === 1 ? 'This machine takes' : 'These machines take'} no work until Microsoft accepts the credential.</strong> It is asked every minute, and all other machines go on.</p>`}
      <p class="trouble-next">${icon('arrow')}<span>${prose(diagnosis.nextStep)}</span></p>
      <div class="row apart">
        <span class="soft small">Opened ${ago(openedAt, now)}${times > 1 && `, met ${times} times`}${diagnosis.sourceCode && html`, <code>${diagnosis.sourceCode}</code>`}</span>
        ${action(`/incidents/${id}/close`, holds ? 'Close it and go on' : 'I have looked at it', { icon: 'check', about: codeInWords(code) })}
      </div>
    </li>`
}

/** So many machines are named in a title; more are counted. */
const FEW = 3

/** Which tenant it is about, as a link where the tenant has a page; or which machines. */
export function whoseIs({ tenantId, hosts }: Pick<Incident, 'tenantId' | 'hosts'>, names: Names): Html | string {
  if (hosts.length > FEW) return `on ${counted(hosts.length, 'machine')}`
  if (hosts.length > 0) return html`on <bdi>${hosts.join(', ')}</bdi>`
  if (!tenantId) return 'for all tenants'
  const name = names.get(tenantId)
  return name === undefined
    ? html`in <code>${tenantId}</code>`
    : html`in <a href="/tenants/${tenantId}"><bdi>${name}</bdi></a>`
}
