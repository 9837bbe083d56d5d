import { Agent, fetch } from 'undici'
import type { Emulator } from '#emulator/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Json = Record<string, any>
export type Answer = { status: number; body: Json; headers: Headers; text: string }

/** Asks over HTTPS, trusting the emulator's own authority alone. */
export async function ask(
  emulator: Emulator,
  path: string,
  {
    form,
    json,
    headers,
    method,
  }: { form?: Record<string, string>; json?: object; headers?: Record<string, string>; method?: string } = {},
): Promise<Answer> {
  const response = await fetch(new URL(path, emulator.origin), {
    dispatcher: new Agent({ connect: { ca: emulator.ca }, keepAliveTimeout: 10 }),
    redirect: 'manual',
    headers: headers ?? {},
    ...(form ? { method: 'POST', body: new URLSearchParams(form) } : { method: method ?? 'GET' }),
    ...(json ? { body: JSON.stringify(json) } : {}),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return {
    status: response.status,
    body: isJson ? JSON.parse(text) : {},
    headers: new Headers([...response.headers]),
    text,
  }
}

export const askToken = (
  emulator: Emulator,
  segment: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> => ask(emulator, `/${segment}/oauth2/v2.0/token`, { form, headers })
