import type { SignUpId } from '#model/ids.ts'
import type { ProgressStep } from '#model/sign-up.ts'
import { asFleet } from '#store/database/open.ts'
import { updateSignUp } from '#store/sign-ups.ts'
import type { Tools } from '#tools.ts'

/** The lines an administrator watches. Each is stored as it changes, so that any process can show it. */
export type Progress = {
  /** Runs one visible step: running, then done or failed. */
  step<Value>(text: string, work: () => Promise<Value>): Promise<Value>
}

const NOT_SHOWN = 'that a step failed could not be stored'

export function openProgress({ store, log }: Pick<Tools, 'store' | 'log'>, signUpId: SignUpId): Progress {
  const steps: ProgressStep[] = []
  const save = () => asFleet(store, (sql) => updateSignUp(sql, signUpId, { progress: steps }))
  return {
    async step(text, work) {
      const index = steps.push({ text, state: 'running' }) - 1
      const settle = async (state: ProgressStep['state']) => {
        steps[index] = { text, state }
        await save()
      }
      await save()
      try {
        const value = await work()
        await settle('done')
        return value
      } catch (error) {
        // What went wrong is what is told, also where the page cannot be.
        await settle('failed').catch((second: unknown) => log.warn({ err: second, signUpId }, NOT_SHOWN))
        throw error
      }
    },
  }
}
