/** Pieces that arrive faster than they are used are used together. */
export type Ahead<Piece> = {
  /**
   * Everything that has arrived and was not taken yet, at least one piece; empty after the last.
   * @throws what ended the reading, once all before it is taken
   */
  take(): Promise<readonly Piece[]>
}

/**
 * Reads piece after piece while others are being worked on, at most `most` ahead.
 * @param next begins to read what follows a piece, or the first one after null; gives null when nothing is to follow
 */
export function readAhead<Piece>(next: (last: Piece | null) => Promise<Piece> | null, most: number): Ahead<Piece> {
  let arrived: Piece[] = []
  let failure: { error: unknown } | null = null
  let ended = false
  let news = Promise.withResolvers<void>()
  let room = Promise.withResolvers<void>()

  const read = async () => {
    for (let coming = next(null); coming; ) {
      const piece = await coming
      coming = next(piece)
      // Whatever becomes of it is told when it is waited for, and nobody may wait for it any more.
      coming?.catch(() => {})
      arrived.push(piece)
      news.resolve()
      while (arrived.length >= most) await room.promise
    }
  }
  const end = () => {
    ended = true
    news.resolve()
  }
  void read().then(end, (error: unknown) => {
    failure = { error }
    end()
  })
  return {
    async take() {
      while (arrived.length === 0 && !ended) {
        await news.promise
        news = Promise.withResolvers()
      }
      const taken = arrived
      arrived = []
      room.resolve()
      room = Promise.withResolvers()
      if (taken.length === 0 && failure) throw failure.error
      return taken
    },
  }
}
