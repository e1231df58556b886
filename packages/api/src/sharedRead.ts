import { shared } from '@bestmark/core'
import type { Database } from '@bestmark/db'

/** A read that runs, and the next one for the callers that asked while it runs. */
interface Read {
  running: Promise<object>
  next?: Promise<object>
}

const databases = new WeakMap<Database['sql'], Map<string, Read>>()

/**
 * Answers all callers with the same input by one read, for example all pages of a job after a change.
 * A read that began before a call may miss the newest change, so the call waits for the next read.
 * There are at most two reads, for any number of callers.
 */
export function sharedRead<T extends object>(
  { sql }: Pick<Database, 'sql'>,
  [name, input]: readonly [name: string, input: object],
  read: () => Promise<T>,
): Promise<T> {
  const reads = databases.get(sql) ?? new Map<string, Read>()
  databases.set(sql, reads)
  const key = `${name} ${JSON.stringify(input)}`
  const current = reads.get(key)
  // The key holds the name of the procedure, so the stored answer has its type.
  if (current) return (current.next ??= after(current, () => begin(reads, key, read))) as Promise<T>
  return begin(reads, key, read)
}

function begin<T extends object>(
  reads: Map<string, Read>,
  key: string,
  read: () => Promise<T>,
): Promise<T> {
  const running = read().then(shared)
  const begun: Read = { running }
  reads.set(key, begun)
  const end = (): void => {
    if (reads.get(key) === begun && !begun.next) reads.delete(key)
  }
  running.then(end, end)
  return running
}

/** A failed read rejects only the callers that waited for it. */
async function after<T>({ running }: Read, next: () => Promise<T>): Promise<T> {
  await running.catch(() => undefined)
  return next()
}
