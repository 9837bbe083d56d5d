import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseClientId, parseObjectId, parseTenantId } from '#model/ids.ts'

const PARSERS = { parseTenantId, parseClientId, parseObjectId }

for (const [name, parse] of Object.entries(PARSERS)) {
  test(`${name} takes any GUID and gives it in lower case`, () => {
    fc.assert(
      fc.property(fc.uuid(), fc.boolean(), (guid, upper) => {
        assert.equal(parse(upper ? guid.toUpperCase() : guid), guid)
      }),
    )
  })

  test(`S10 ${name} takes nothing else`, () => {
    const guid = '11111111-2222-3333-4444-555555555555'
    const texts = [
      '',
      'common',
      'organizations',
      `{${guid}}`,
      `${guid} `,
      ` ${guid}`,
      `${guid}\n`,
      guid.slice(1),
      `${guid}0`,
      guid.replaceAll('-', ''),
      `${guid}/v2.0`,
      `../${guid}`,
      guid.replace('5', 'g'),
      guid.replace('1', '１'),
    ]
    const others: unknown[] = [...texts, null, undefined, 1, [guid], { toString: () => guid }]
    for (const other of others) assert.equal(parse(other), null, JSON.stringify(other))
  })
}
