/** By AADSTS number: what a refusal looks like on the wire. */
export type Refusals = Readonly<Record<number, readonly [status: number, error: string, text: string]>>
