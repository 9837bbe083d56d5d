import type { Owner } from '#model/problem.ts'
import type { IconName } from '#pages/components/icon.ts'

type Shown = { name: string; heading: string; icon: IconName }

/** Who can mend it, as the ISV's operators say it. */
export const OWNERS: Record<Owner, Shown> = {
  operator: { name: 'Us', heading: 'For us to mend', icon: 'person' },
  'customer-administrator': {
    name: 'Customer',
    heading: 'For customers’ administrators to mend',
    icon: 'building',
  },
  microsoft: { name: 'Microsoft', heading: 'For Microsoft to mend', icon: 'clock' },
  nobody: { name: 'Nobody', heading: 'Mends itself', icon: 'refresh' },
}

/** The same as a sentence for one diagnosis. */
export const ownerInWords = (owner: Owner): string =>
  ({
    operator: 'We, the operators',
    'customer-administrator': 'An administrator of the customer’s tenant',
    microsoft: 'Microsoft',
    nobody: 'Nobody: it mends itself',
  })[owner]
