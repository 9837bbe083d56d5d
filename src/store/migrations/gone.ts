/** The generation of what a round has found gone: none reads under this id, so that the round's end finds all of it. */
export const GONE = '00000000-0000-0000-0000-000000000000'
