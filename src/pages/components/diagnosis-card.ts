import { html } from 'hono/html'
import type { Diagnosis, Owner } from '#model/problem.ts'
import { icon } from '#pages/components/icon.ts'
import type { Tone } from '#pages/components/notice.ts'
import { TONE_ICONS } from '#pages/components/notice.ts'
import { prose } from '#pages/components/prose.ts'
import type { Html } from '#pages/html.ts'

const OWNERS: Record<Owner, string> = {
  'customer-administrator': 'An administrator of the customer’s organisation',
  operator: 'The software’s maker',
  microsoft: 'Microsoft',
  nobody: 'Nobody: it mends itself',
}

/** Who can mend it, in words. */
export const ownerText = (owner: Owner): string => OWNERS[owner]

/** A failure as people need it: what happened, who can mend it, what to do next, and the codes to quote. */
export const diagnosisCard = (
  diagnosis: Diagnosis,
  {
    tone = toneOf(diagnosis),
    owner = ownerText(diagnosis.owner),
  }: {
    tone?: Tone
    /** In the words of whoever reads it; null where nothing has to be mended. */
    owner?: string | null
  } = {},
): Html => html`
  <section class="diagnosis ${tone}" aria-label="What happened">
    <p class="diagnosis-what">${icon(TONE_ICONS[tone])}<span>${diagnosis.message}</span></p>
    <dl>
      <div><dt>What to do next</dt><dd>${prose(diagnosis.nextStep)}</dd></div>
      ${owner !== null && html`<div><dt>Who can mend it</dt><dd>${owner}</dd></div>`}
    </dl>
    <p class="diagnosis-codes">${codesOf(diagnosis).map(([name, code]) => html`<span>${name} <code>${code}</code></span>`)}</p>
  </section>`

/** What mends itself is no alarm. */
const toneOf = ({ retry, owner }: Diagnosis): Tone =>
  owner === 'nobody' || retry === 'now' ? 'info' : retry === 'backoff' ? 'warning' : 'danger'

const codesOf = ({ code, sourceCode, traceId, correlationId }: Diagnosis): [string, string][] => {
  const codes: [string, string | undefined][] = [
    ['Code', code],
    ['Microsoft’s code', sourceCode],
    ['Trace', traceId],
    ['Correlation', correlationId],
  ]
  return codes.filter((entry): entry is [string, string] => entry[1] !== undefined)
}
