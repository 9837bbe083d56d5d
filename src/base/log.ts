import { type DestinationStream, type Logger, pino } from 'pino'

/** Structured log lines. Whatever might hold a token, a secret or a code is censored before it is written. */
export type Log = Logger

const SENSITIVE = [
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'client_assertion',
  'code_verifier',
  'verifier',
  'password',
  'secret',
  'assertion',
  'authorization',
  'cookie',
  'privateKey',
]

/** Things that look like a JSON web token, wherever they stand in a text. */
const JSON_WEB_TOKEN = /eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*){1,3}/g
/** Parameters of OAuth that carry secrets, as they stand in a URL or a form. */
const SECRET_PARAMETER =
  /\b(code|client_secret|client_assertion|assertion|code_verifier|device_code|refresh_token|access_token|id_token|state|nonce|password)=[^&\s"'\\]+/g
/**
 * The same as fields of JSON, however it is nested, and as programs call them that are not Microsoft’s. A text ends at the
 * quotation mark with as many backslashes as it began with, not counting those that are its own; or where the one around it ends.
 */
const SECRET_FIELD =
  /((?<!\\)(\\*)"(?:(?:access|refresh|id)_?token|client_?secret|client_?assertion|(?:code_?)?verifier|device_?code|secret_?text|private_?key|(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?api[-_]?key|password)\2"\s*:\s*\2").*?(?:(?<!\\)(?:(?:\2\2\\\\)*(?=\2")|(?=(?!\2\2\\(?:\2\2\\\\)*")\\*"))|$)/gim
const BEARER = /\bBearer\s+[\w.~+/=-]{8,}/gi
const PASSWORD_IN_ADDRESS = /(:\/\/[^\s:@/"]*:)[^\s@/"]+@/g

/** The text without anything that could be used to act for somebody. */
export const censor = (text: string): string =>
  text
    .replace(JSON_WEB_TOKEN, '[token]')
    .replace(SECRET_PARAMETER, '$1=[censored]')
    .replace(SECRET_FIELD, '$1[censored]')
    .replace(BEARER, 'Bearer [token]')
    .replace(PASSWORD_IN_ADDRESS, '$1[censored]@')

const MAX_CAUSES = 5

/** An error as data for the log: its own fields and its causes, without requests, responses and configurations that clients attach. */
function describeError(error: unknown, depth = 0): Record<string, unknown> {
  try {
    if (!(error instanceof Error)) return { message: censor(String(error)) }
    const { diagnosis } = error as { diagnosis?: unknown }
    return {
      type: String(error.name),
      message: censor(String(error.message)),
      ...(diagnosis ? { diagnosis } : {}),
      stack: censor(String(error.stack ?? '')),
      ...(error.cause !== undefined && depth < MAX_CAUSES ? { cause: describeError(error.cause, depth + 1) } : {}),
    }
  } catch {
    // Somebody's code may throw anything, such as what a regular expression has found, which turns into no text.
    return { message: 'It cannot be told what this is.' }
  }
}

/** @param level one of pino's levels: fatal, error, warn, info, debug, trace, silent */
export function openLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => describeError(error), error: (error: unknown) => describeError(error) },
    // The last look, at the finished line: a text of the message, or of a field that nobody thought of.
    hooks: { streamWrite: censor },
    redact: { paths: SENSITIVE.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[censored]' },
  }
  return destination ? pino(options, destination) : pino(options)
}
