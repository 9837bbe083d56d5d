import { accessWitnesses } from '#emulator/test/entra/aadsts/access.ts'
import { appOnlyWitnesses } from '#emulator/test/entra/aadsts/app-only.ts'
import { deviceWitnesses } from '#emulator/test/entra/aadsts/device.ts'
import { federationWitnesses } from '#emulator/test/entra/aadsts/federation.ts'
import { pageWitnesses } from '#emulator/test/entra/aadsts/pages.ts'
import { redemptionWitnesses } from '#emulator/test/entra/aadsts/redemption.ts'
import type { Witness } from '#emulator/test/entra/aadsts/witness.ts'

/** Each code that the emulator refuses with, provoked by a client that nobody here wrote. */
export const WITNESSES: readonly Witness[] = [
  ...appOnlyWitnesses,
  ...federationWitnesses,
  ...redemptionWitnesses,
  ...accessWitnesses,
  ...deviceWitnesses,
  ...pageWitnesses,
]
