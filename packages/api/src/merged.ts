/** One value of a source, and a function that lets the source continue. */
interface Waiting<T> {
  value: T
  taken: () => void
}

/**
 * The values of all sources, each as soon as it comes. A source continues when its value is taken.
 * The first error of a source ends all sources, and so does a reader that stops. The sources must
 * end when `stop` is called.
 */
export async function* merged<T>(
  sources: readonly AsyncIterable<T>[],
  stop: () => void,
): AsyncGenerator<T, void> {
  const queue: Waiting<T>[] = []
  let arrival = Promise.withResolvers<void>()
  let isOver = false
  const pump = async (source: AsyncIterable<T>): Promise<void> => {
    for await (const value of source) {
      if (isOver) return
      const { promise, resolve } = Promise.withResolvers<void>()
      queue.push({ value, taken: resolve })
      arrival.resolve()
      await promise
    }
  }
  const all = Promise.all(sources.map(pump)).finally(() => {
    isOver = true
    arrival.resolve()
  })
  // The error is thrown below, after the values that came before it.
  all.catch(() => undefined)
  try {
    while (!isOver || queue.length > 0) {
      const next = queue.shift()
      if (next) {
        yield next.value
        next.taken()
      } else {
        await arrival.promise
        arrival = Promise.withResolvers<void>()
      }
    }
    await all
  } finally {
    isOver = true
    stop()
    for (const { taken } of queue) taken()
  }
}
