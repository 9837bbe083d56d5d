/**
 * Gives the memory of bytes back at once: whoever looks at them later finds none. V8 would free them only when it collects
 * what is young, for which an object must be small; of many large ones it would look through everything that is alive
 * instead. Bytes that share their memory with others are left to it.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
