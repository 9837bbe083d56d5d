import { NAMES } from '#emulator/tls.ts'

const LOCAL = ['127.0.0.1', '[::1]']

/** Whether a Host header names this machine, or one of Microsoft's names that the certificate carries: any port, any case. */
export const isOurHost = (host: string | undefined): boolean =>
  host !== undefined && [...NAMES, ...LOCAL].includes(host.replace(/:\d*$/, '').toLowerCase())
