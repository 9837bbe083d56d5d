/**
 * Works on one after the other, whatever becomes of those before it.
 * @throws what the first of them failed with, when all have been tried
 */
export async function tryAll<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const failures: unknown[] = []
  for (const item of items)
    try {
      await work(item)
    } catch (error) {
      failures.push(error)
    }
  if (failures.length > 0) throw failures[0]
}
