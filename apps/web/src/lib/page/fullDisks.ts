import { api, type FullDisk } from '../api.ts'
import { duration, exact } from '../times.ts'

/** How often the disks are checked again (ms). */
const AGAIN = 15_000

/** The text for a disk that is full, or was. */
export function diskWords(disk: FullDisk, now: number): string {
  const { host, mount, holds_database, full_since, over_at } = disk
  const holding = holds_database ? ', which holds the database of this board,' : ''
  const name = `The disk at ${mount}${host === null ? '' : ` on ${host}`}${holding}`
  if (over_at !== null) {
    return `${name} was full from ${exact(full_since)} to ${exact(over_at)}. It has space again.`
  }
  const since = `${exact(full_since)} (${duration((now - full_since) / 1000)})`
  const loss = holds_database
    ? "Nothing new is recorded until there is space. The runs' own files keep everything."
    : 'Runs cannot save there until there is space.'
  return `${name} has been full since ${since}. ${loss}`
}

/** Checks the disks repeatedly, until the returned function is called. */
export function followDisks(
  host_id: string | undefined,
  onDisks: (disks: FullDisk[]) => void,
  onError: (error: Error) => void,
): () => void {
  const ask = (): void => {
    if (!document.hidden) api.hosts.fullDisks.query({ host_id }).then(onDisks, onError)
  }
  const timer = setInterval(ask, AGAIN)
  return () => clearInterval(timer)
}
