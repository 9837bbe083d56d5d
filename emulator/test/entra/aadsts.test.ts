import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { AADSTS_CODES, TRANSIENT } from '#emulator/entra/aadsts.ts'
import { startEmulator } from '#emulator/index.ts'
import { certificates } from '#emulator/test/entra/aadsts/app-only.ts'
import { openClients } from '#emulator/test/entra/aadsts/clients.ts'
import { estateOfTrouble } from '#emulator/test/entra/aadsts/estate.ts'
import { WITNESSES } from '#emulator/test/entra/aadsts/index.ts'
import { check } from '#emulator/test/entra/aadsts/witness.ts'

const emulator = await startEmulator({ estate: estateOfTrouble(certificates) })
after(() => emulator.close())
beforeEach(() => emulator.reset())

for (const witness of WITNESSES)
  test(`AADSTS${witness.code}, when ${witness.when} (${witness.client})`, async () => {
    check(witness, await witness.provoke({ emulator, clients: openClients(emulator) }))
  })

test('every code that the emulator refuses with has a witness, and no witness is of another', () => {
  const witnessed = new Set(WITNESSES.map(({ code }) => code))
  assert.deepEqual(witnessed, new Set(AADSTS_CODES))
})

test('only trouble of Microsoft’s own comes from mischief alone', () => {
  const byMischief = WITNESSES.filter((witness) => witness.byMischief).map(({ code }) => code)
  assert.deepEqual(new Set(byMischief), new Set(TRANSIENT))
})
