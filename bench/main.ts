import { parseArgs } from 'node:util'
import { holds, inWords } from './claim.ts'
import { PROGRAMS } from './programs.ts'

/** `npm run bench -- [--json] [name …]`: every claim, or the named programs'; exit code 1 when one does not hold. */
const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !PROGRAMS.some((program) => program.name === name))
if (unknown.length > 0) {
  console.error(`No such program: ${unknown.join(', ')}. There are ${PROGRAMS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const tell = (line: string) => console.error(`  ${line}`)
let failed = false
for (const program of PROGRAMS) {
  if (positionals.length > 0 && !positionals.includes(program.name)) continue
  console.error(program.name)
  const measured = await program.run(tell)
  for (const claim of program.claims) {
    const found = measured[claim.name]
    const ratio = found ? found.ours / found.other : Number.NaN
    const kept = holds(claim, ratio)
    failed ||= !kept
    if (values.json) {
      console.log(
        JSON.stringify({
          name: claim.name,
          ours: found?.ours,
          other: found?.other,
          unit: found?.unit,
          ratio,
          wanted: inWords(claim),
          holds: kept,
        }),
      )
      continue
    }
    const figure = (value: number | undefined) =>
      value === undefined ? '–' : `${Number(value.toPrecision(4))} ${found?.unit}`
    console.log(`${kept ? '✓' : '✗'} ${claim.name}: ${ratio.toFixed(2)}, wanted ${inWords(claim)}`)
    console.log(`    ${claim.about}`)
    console.log(`    ours ${figure(found?.ours)}, other ${figure(found?.other)}`)
  }
}
process.exitCode = failed ? 1 : 0
