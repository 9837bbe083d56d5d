import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'

/** A text file that pages refer to. */
export type Asset = { name: string; text: string }

export type Assets = {
  /** In the order in which pages load them. */
  styles: readonly string[]
  scripts: readonly string[]
  /** Serves them for a year: an address changes with its content. */
  routes: Hono
}

const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}
const STYLES = ['tokens', 'ground', 'layout', 'components', 'data', 'paper'] as const

const read = (file: string): string => readFileSync(new URL(`./assets/${file}`, import.meta.url), 'utf8')
const ours = (): readonly Asset[] => [
  { name: 'style.css', text: STYLES.map((name) => read(`${name}.css`)).join('\n') },
  { name: 'page.js', text: read('page.js') },
]

/** The style sheet and the script of both sites, and whatever a site adds of its own (`.css` or `.js`). */
export function openAssets(added: readonly Asset[] = []): Assets {
  const files = new Map([...ours(), ...added].map((asset) => [pathOf(asset), asset]))
  const routes = new Hono()
  for (const [path, { name, text }] of files)
    routes.get(path, (c) =>
      c.body(text, 200, { 'content-type': typeOf(name), 'cache-control': 'public, max-age=31536000, immutable' }),
    )
  const ending = (wanted: string) => [...files.keys()].filter((path) => path.endsWith(wanted))
  return { styles: ending('.css'), scripts: ending('.js'), routes }
}

function pathOf({ name, text }: Asset): string {
  const dot = name.lastIndexOf('.')
  const fingerprint = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return `/assets/${name.slice(0, dot)}.${fingerprint}${name.slice(dot)}`
}

const typeOf = (name: string): string => TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain; charset=utf-8'
