import { setFlagsFromString } from 'node:v8'

/**
 * A worker passes large pages through for hours, and all of it is garbage soon. Left alone, V8 lets what it holds grow to
 * several times what is alive before it looks; told to look earlier, it stays flat and is hardly slower (bench/full-sync).
 * To be imported first, before the heap has grown.
 */
setFlagsFromString('--heap-growing-percent=150')
/** What is young gets all of its room as soon as it needs more: in too little of it, what would soon be garbage is taken for old. */
setFlagsFromString('--semi-space-growth-factor=16')
