import * as oauth from 'oauth4webapi'
import { UMA } from '#emulator/test/entra/aadsts/user.ts'
import type { Stage, Witness } from '#emulator/test/entra/aadsts/witness.ts'
import { PUBLIC_APP } from '#emulator/test/support/estate.ts'

const CLIENT = { client_id: PUBLIC_APP }

async function begin({ clients }: Stage, tenant = 'organizations', scope = 'openid User.Read') {
  const server = clients.server(tenant)
  const response = await oauth.deviceAuthorizationRequest(server, CLIENT, oauth.None(), { scope }, clients.options)
  return oauth.processDeviceAuthorizationResponse(server, CLIENT, response)
}

async function poll({ clients }: Stage, deviceCode: string) {
  const server = clients.server('organizations')
  const response = oauth.deviceCodeGrantRequest(server, CLIENT, oauth.None(), deviceCode, clients.options)
  return clients.refusal(oauth.processDeviceCodeResponse(server, CLIENT, await response))
}

/** Devices without a browser. */
export const deviceWitnesses: readonly Witness[] = [
  {
    code: 90133,
    client: 'oauth4webapi',
    when: 'a device asks on /common',
    error: 'invalid_request',
    text: /Device Code flow is not supported under \/common or \/consumers endpoint/,
    provoke: (stage) => stage.clients.refusal(begin(stage, 'common')),
  },
  {
    code: 70016,
    client: 'oauth4webapi',
    when: 'nobody has typed the code in yet',
    error: 'authorization_pending',
    text: /Authorization is pending\. Continue polling/,
    provoke: async (stage) => poll(stage, (await begin(stage)).device_code),
  },
  {
    code: 70017,
    client: 'oauth4webapi',
    when: 'the user declined',
    error: 'authorization_declined',
    text: /The end user denied the authorization request/,
    async provoke(stage) {
      const device = await begin(stage)
      const browser = stage.clients.browser()
      const entered = await browser.press(await browser.open(device.verification_uri), { user_code: device.user_code })
      const password = await browser.press(entered, { action: 'next', loginfmt: UMA })
      await browser.press(await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' }), {
        action: 'cancel',
      })
      return poll(stage, device.device_code)
    },
  },
  {
    code: 70018,
    client: 'oauth4webapi',
    when: 'the device code is nonsense',
    error: 'bad_verification_code',
    text: /Invalid verification code/,
    provoke: (stage) => poll(stage, 'nonsense'),
  },
  {
    code: 70020,
    client: 'oauth4webapi',
    when: 'the device code is older than 15 minutes',
    error: 'expired_token',
    text: /This device code has expired/,
    async provoke(stage) {
      const { device_code } = await begin(stage)
      stage.emulator.clock.advance({ minutes: 16 })
      return poll(stage, device_code)
    },
  },
]
