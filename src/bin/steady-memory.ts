import { setFlagsFromString } from 'node:v8'

/**
 * A worker passes large pages through for hours, and all of it is garbage soon. Left alone, V8 lets what it holds grow to
 * several times what is alive before it looks; told to look when it has doubled, it stays flat and is hardly slower
 * (bench/full-sync). To be imported first, before the heap has grown.
 */
setFlagsFromString('--heap-growing-percent=100')
