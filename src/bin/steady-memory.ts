import { setFlagsFromString } from 'node:v8'

/**
 * A worker passes large pages through for hours, and all of it is garbage soon. Left alone, V8 lets the heap grow to
 * several times what is alive before it looks; collected in smaller portions it stays flat and is not slower
 * (bench/full-sync). To be imported first, before the heap has grown.
 */
setFlagsFromString('--max-semi-space-size=2')
setFlagsFromString('--heap-growing-percent=30')
