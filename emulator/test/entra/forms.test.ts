import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { APP, testEstate } from '#emulator/test/support/estate.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())

const post = async (path: string, contentType: string, body: string) => {
  const headers = { 'content-type': contentType }
  const answer = await fetch(emulator.browserOrigin + path, { method: 'POST', headers, body, redirect: 'manual' })
  return { status: answer.status, text: await answer.text() }
}
const asForm = `client_id=${APP}`
const asParts = `--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n${APP}\r\n--x--`

test('a body that is no form holds no parameters, whatever it calls itself', async () => {
  for (const [path, status, words] of [
    ['/common/oauth2/v2.0/token', 400, /AADSTS900144.+'grant_type'/],
    ['/organizations/oauth2/v2.0/devicecode', 400, /AADSTS900144.+'client_id'/],
    ['/common/oauth2/v2.0/authorize', 400, /900144/],
    ['/common/oauth2/deviceauth', 200, /That code is not good/],
    ['/_signin/nothing', 400, /expired/],
  ] as const)
    for (const [contentType, body] of [
      ['multipart/form-data', asForm],
      ['multipart/form-data; boundary=x', asForm],
      ['multipart/form-data; boundary=x', asParts],
      ['application/json', `{"client_id":"${APP}"}`],
      ['text/plain', asForm],
    ] as const) {
      const answer = await post(path, contentType, body)
      assert.equal(answer.status, status, `${path} ${contentType}`)
      assert.match(answer.text, words, `${path} ${contentType}`)
    }
})
