import { leftOf } from '#base/clock.ts'
import { asFleet, type Store } from '#store/database/open.ts'
import { isHeld } from '#store/incidents.ts'

/** Whether an incident holds the work for everybody: asked before each piece of work, so the answer is kept for a while. */
export type Hold = {
  isOn(): Promise<boolean>
  /** After something about it has changed in this process. */
  forget(): void
}

const KEPT_MILLISECONDS = 5_000

export function watchHold(store: Store): Hold {
  let known: Promise<boolean> | null = null
  let since = 0
  const now = () => store.clock.now().getTime()
  const ask = () => {
    since = now()
    known = asFleet(store, isHeld)
    known.catch(() => {
      known = null
    })
    return known
  }
  return {
    isOn: () => (known && leftOf({ since, milliseconds: KEPT_MILLISECONDS }, now()) > 0 ? known : ask()),
    forget() {
      known = null
    },
  }
}
