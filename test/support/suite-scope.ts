import { after } from 'node:test'

/** Something that ends, and takes what was opened in it along. */
export type Scope = { after(close: () => Promise<void> | void): void }

/** For what all tests of a suite share. Called while the suite is being defined; closed in reverse order after its last test. */
export function suiteScope(): Scope {
  const opened = new AsyncDisposableStack()
  after(() => opened.disposeAsync())
  return { after: (close) => opened.defer(close) }
}
