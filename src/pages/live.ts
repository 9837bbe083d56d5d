import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Html } from '#pages/html.ts'
import type { Streams } from '#pages/streams.ts'

/** What a page that is being watched shows now; `goTo` sends the watcher on to another page of ours. */
export type View = { show: Html; done?: boolean } | { goTo: string }

/** What a live page needs of its site. */
type Door = { tools: { clock: Clock; log: Log }; streams: Streams }

const EVERY_MILLISECONDS = 700
/** Then the browser asks anew by itself, so that no connection stays open for ever. */
const LONGEST_MILLISECONDS = 5 * 60_000
const RETRY_AFTER_SECONDS = 10

/**
 * Keeps a part of a page up to date through server-sent events, until the view says that it is done. Markup is sent only
 * when it differs from what was sent before. A failure ends the connection, nothing about it is sent, and the browser
 * asks again by itself. Where too many are open, the page is told so and loads itself again instead.
 * @param input.watcher who watches; the number of streams is limited for each
 * @param input.look gives null when there is nothing to show any longer
 */
export function streamView(
  c: Context,
  { tools: { clock, log }, streams }: Door,
  { watcher, look }: { watcher: string; look: () => Promise<View | null> },
): Response {
  if (c.req.method === 'HEAD') return c.body(null)
  const place = streams.take(watcher)
  if (typeof place === 'string') return refuse(c, place === 'watcher-has-enough' ? 429 : 503)
  const gone = new AbortController()
  const answer = streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.abort())
    try {
      await send(stream, look, clock, gone.signal)
    } catch (error) {
      if (!gone.signal.aborted) log.warn({ err: error, path: c.req.path }, 'a live page was interrupted')
    } finally {
      place.leave()
    }
  })
  // Proxies that collect an answer before they pass it on would make the page stand still.
  answer.headers.set('x-accel-buffering', 'no')
  return answer
}

function refuse(c: Context, status: 429 | 503): Response {
  c.header('retry-after', String(RETRY_AFTER_SECONDS))
  return c.text('Too many pages are being kept up to date at this moment. Load the page again instead.', status)
}

async function send(
  stream: SSEStreamingApi,
  look: () => Promise<View | null>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const until = clock.now().getTime() + LONGEST_MILLISECONDS
  let last = ''
  while (!signal.aborted && clock.now().getTime() < until) {
    const view = await look()
    const markup = view && 'show' in view ? String(await view.show) : last
    if (markup !== last) await stream.writeSSE({ event: 'show', data: markup })
    last = markup
    const end = endOf(view)
    if (end) return stream.writeSSE(end)
    await clock.sleep(EVERY_MILLISECONDS, signal)
  }
}

function endOf(view: View | null): { event: string; data: string } | null {
  if (view && 'goTo' in view) return { event: 'go', data: view.goTo }
  return view && !view.done ? null : { event: 'end', data: '' }
}
