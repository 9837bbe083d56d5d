import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { listAudit } from '#store/audit.ts'
import { folderHolder } from '#store/database/hold-folder.ts'
import { asFleet, openStore } from '#store/database/open.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { refusedWith } from '#test/support/problem.ts'

type Owner = { child: ChildProcess; lines: AsyncIterator<string> }

/** Another process that opens the folder; it is killed after the test. */
function startOwner(t: TestContext, dataDir: string, task: 'hold' | 'write'): Owner {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../support/open-embedded.ts'), dataDir, task], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => void child.kill('SIGKILL'))
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}
const nextLine = async ({ lines }: Owner): Promise<string> => String((await lines.next()).value)

async function kill({ child }: Owner): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const openHere = async (t: TestContext, dataDir: string) => {
  const store = await openStore({ databaseUrl: null, dataDir, clock: systemClock, log: silentLog })
  t.after(() => store.close())
  return store
}

test('a second process is refused in words while the first one works, and let in when it has gone', async (t) => {
  const dataDir = temporaryFolder(t)
  const owner = startOwner(t, dataDir, 'hold')
  assert.equal(await nextLine(owner), 'open')
  assert.equal(folderHolder(dataDir), owner.child.pid)

  const { message, nextStep, owner: mends } = await refusedWith('DATA_FOLDER_IN_USE', () => openHere(t, dataDir))
  assert.ok(message.includes(dataDir) && message.includes(String(owner.child.pid)), message)
  assert.match(nextStep, /TENANTRY_DATABASE_URL/)
  assert.equal(mends, 'operator')
  assert.match(await nextLine(startOwner(t, dataDir, 'hold')), /^refused DATA_FOLDER_IN_USE/)
  assert.equal(folderHolder(dataDir), owner.child.pid, 'the refused ones have not disturbed the owner')

  await kill(owner)
  assert.equal(folderHolder(dataDir), null)
  const store = await openHere(t, dataDir)
  assert.equal(folderHolder(dataDir), process.pid)
  await store.close()
  assert.equal(folderHolder(dataDir), null)
  assert.equal(existsSync(join(dataDir, 'owner.lock')), false)
})

test('the same process cannot open its folder twice either', async (t) => {
  const dataDir = temporaryFolder(t)
  await openHere(t, dataDir)
  await refusedWith('DATA_FOLDER_IN_USE', () => openHere(t, dataDir))
})

const DEAD_MARKS: Record<string, () => string> = {
  'of a process that is gone': () => JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' }),
  'whose number another process carries now': () => JSON.stringify({ pid: process.ppid, startedAt: '1' }),
  'that is empty': () => '',
  'that is no JSON': () => '{"pid":',
  'that names no process': () => '{"pid":"none"}',
}
for (const [title, mark] of Object.entries(DEAD_MARKS))
  test(`a mark ${title} is taken over`, async (t) => {
    const dataDir = temporaryFolder(t)
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, 'owner.lock'), mark())
    await openHere(t, dataDir)
    assert.equal(folderHolder(dataDir), process.pid)
    assert.match(readFileSync(join(dataDir, 'owner.lock'), 'utf8'), new RegExp(`"pid":${process.pid}\\b`))
    assert.deepEqual(
      readdirSync(dataDir).filter((file) => file.startsWith('owner.lock.')),
      [],
      'no draft stays behind',
    )
  })

test('of several processes that find a dead mark at once exactly one becomes the owner', async (t) => {
  const dataDir = temporaryFolder(t)
  writeFileSync(join(dataDir, 'owner.lock'), JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' }))
  const owners = Array.from({ length: 5 }, () => startOwner(t, dataDir, 'hold'))
  const said = await Promise.all(owners.map(nextLine))
  assert.equal(said.filter((line) => line === 'open').length, 1, said.join('\n'))
  assert.equal(said.filter((line) => line.startsWith('refused DATA_FOLDER_IN_USE')).length, 4, said.join('\n'))
})

test('R01 a process that is killed while it writes loses no commit that it has told of', async (t) => {
  const dataDir = temporaryFolder(t)
  for (let round = 1, known = 0; round <= 3; round += 1) {
    const owner = startOwner(t, dataDir, 'write')
    assert.equal(await nextLine(owner), 'open')
    let told = 0
    while (told < 60 * round) told = Number(await nextLine(owner))
    owner.child.kill('SIGKILL')
    // What it wrote until it was killed is still in the pipe.
    for (let line = await owner.lines.next(); !line.done; line = await owner.lines.next()) told = Number(line.value)
    // The pipe closes a moment before the process is gone.
    if (owner.child.signalCode === null) await once(owner.child, 'exit')

    const store = await openStore({ databaseUrl: null, dataDir, clock: systemClock, log: silentLog })
    const audit = await asFleet(store, (sql) => listAudit(sql, { limit: 100_000 }))
    await store.close()
    const latest = audit.slice(0, audit.length - known).map(({ detail }) => Number(detail.number))
    const expected = Array.from({ length: latest.length }, (_, index) => latest.length - index)
    assert.deepEqual(latest, expected, 'each number once, without a gap')
    assert.ok(latest.length === told || latest.length === told + 1, `${told} were told, ${latest.length} are there`)
    known = audit.length
  }
})
