import { dirname } from 'node:path'

/** The writer of an event file, from its name. */
interface Writer {
  /** Seconds since 1970. */
  time: number
  /** Host and process; null if the name has no process. */
  process: string | null
  /** Counts the files of one process from 0. */
  count: number
}

/** TensorFlow and torch name event files `…tfevents.TIME.HOST.PROCESS.COUNT`, others without the last two. */
const NAME = /tfevents\.(\d+)\.([^/]+)$/
const PROCESS = /^(.+?\.\d+)\.(\d+)(?:\D.*)?$/

function writerOf(file: string): Writer {
  const [, time = '0', rest = ''] = NAME.exec(file) ?? []
  const [, process = null, count = '0'] = PROCESS.exec(rest) ?? []
  return { time: Number(time), process, count: Number(count) }
}

/** Host and process of an event file's writer, else the file itself. */
export function processOf(file: string): string {
  return writerOf(file).process ?? file
}

/** A word for the writer of an event file: its process, else its time. */
export function writerLabel(file: string): string {
  const { process, time } = writerOf(file)
  return process?.split('.').at(-1) ?? String(time)
}

/**
 * Whether another process wrote the later file. In a container each start may have the same process
 * number, but its files are counted from 0 again.
 */
export function isOtherProcess(before: string, file: string): boolean {
  if (file === before) return false
  const [earlier, later] = [writerOf(before), writerOf(file)]
  if (later.process === null || later.process !== earlier.process) return true
  return later.count <= earlier.count && dirname(file) === dirname(before)
}

/** When a writer was opened, by the name of its file (ms). */
export function openedAt(file: string): number {
  return writerOf(file).time * 1000
}

/** Sorts the event files of a folder by the time when they were opened. */
export function sortByTime(files: readonly string[]): string[] {
  return files.toSorted((a, b) => {
    const [one, other] = [writerOf(a), writerOf(b)]
    return one.time - other.time || one.count - other.count || (a < b ? -1 : 1)
  })
}
