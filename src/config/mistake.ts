/** One thing wrong with the configuration, in words. */
export type Mistake = { setting: string; message: string; nextStep: string }
