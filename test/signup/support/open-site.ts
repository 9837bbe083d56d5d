import type { Clock } from '#base/clock.ts'
import { listen } from '#bin/listen.ts'
import { demoEstate, type EstateInput } from '#emulator/index.ts'
import { openSignup } from '#signup/app.ts'
import { type Installation, openInstallation } from '#test/support/installation.ts'
import type { Tools } from '#tools.ts'

/** The landing page as customers meet it, over HTTP, with the emulator as Microsoft. */
export type Site = Installation & {
  /** An origin. */
  url: string
}

type Scope = Parameters<typeof openInstallation>[0]

const SESSION_KEY = new Uint8Array(32).fill(7)

/** Opened for one test or one file; closed after it. */
export async function openSite(
  scope: Scope,
  options: { clock?: Clock; estate?: EstateInput; permissions?: readonly string[] } = {},
): Promise<Site> {
  let answer: (request: Request, env: object) => Response | Promise<Response> = () =>
    new Response(null, { status: 503 })
  const door = await listen((request, env) => answer(request, env), { host: '127.0.0.1', port: 0, setting: '' })
  const url = `http://localhost:${door.port}`
  const installation = await openInstallation(scope, {
    ...options,
    estate: returningTo(options.estate ?? demoEstate, `${url}/sign-up/callback`),
    settings: { TENANTRY_PUBLIC_URL: url },
  })
  answer = openSignup(installation.tools, { sessionKey: SESSION_KEY }).fetch
  scope.after(() => door[Symbol.asyncDispose]())
  return { ...installation, url }
}

/** The same site under another name, such as behind a proxy that speaks https; asked without a network. */
export const siteUnder = (tools: Tools, publicUrl: string) =>
  openSignup({ ...tools, config: { ...tools.config, publicUrl } }, { sessionKey: SESSION_KEY })

const returningTo = (estate: EstateInput, redirectUri: string): EstateInput => ({
  ...estate,
  applications: (estate.applications ?? []).map((application) => ({ ...application, redirectUris: [redirectUri] })),
})
