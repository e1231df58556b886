import type { TrainingEvent } from '@bestmark/core'

type Stepped = Extract<TrainingEvent, { type: 'metrics' | 'evaluation' | 'checkpoint' }>
type Stream = AsyncIterable<Stepped> | Iterable<Stepped>

/**
 * Merges streams of events by step. Each stream keeps its order; at equal steps the earlier stream
 * comes first. Events without a step come at once.
 */
export async function* inOrder(streams: readonly Stream[]): AsyncGenerator<Stepped> {
  const readers = streams.map((stream) => each(stream))
  const heads = await Promise.all(readers.map((reader) => reader.next()))
  for (;;) {
    let first = -1
    heads.forEach((head, index) => {
      if (head.done) return
      const leader = heads[first]
      if (!leader || leader.done || stepOf(head.value) < stepOf(leader.value)) first = index
    })
    const [head, reader] = [heads[first], readers[first]]
    if (!head || head.done || !reader) return
    yield head.value
    heads[first] = await reader.next()
  }
}

function stepOf({ step }: Stepped): number {
  return step ?? -1
}

async function* each<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
): AsyncGenerator<Item, undefined> {
  yield* items
  return undefined
}
