/**
 * The text as PostgreSQL can hold it: it refuses U+0000 and half a surrogate pair, and one such name in a customer's
 * directory must not stop the whole page.
 * @see https://www.postgresql.org/docs/current/datatype-json.html
 */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD')

const MAY_BE_REFUSED = /\\u(?:0000|d[89a-f])/i

/** The value as JSON for a `jsonb` parameter; only its texts are mended, and only where one of them needs it. */
export const storableJson = (value: unknown): string => mended(JSON.stringify(value), () => value)

/** JSON that somebody else wrote, as it is wherever that can be stored. */
export const storableText = (json: string): string => mended(json, () => JSON.parse(json))

const mended = (json: string, value: () => unknown): string =>
  MAY_BE_REFUSED.test(json)
    ? JSON.stringify(value(), (_, part: unknown) => (typeof part === 'string' ? storable(part) : part))
    : json
