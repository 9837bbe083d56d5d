import type { html } from 'hono/html'

/** Markup that has been escaped already; what `html` gives. Plain text put into a template is escaped by it. */
export type Html = ReturnType<typeof html>
