import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EventOf, type TrainingEvent, JOURNAL } from '@bestmark/core'
import { readJournal } from '../journal/read.ts'
import { childArgv, type RunRequest } from './recipe.ts'

/** A folder for one run; it is removed when its scope ends. */
export function runFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'char-lm-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** A file system of 64 KB; undefined if this user may not mount one. */
export function smallDisk(size = '64k'): ({ path: string } & Disposable) | undefined {
  const folder = runFolder()
  const path = join(folder.path, 'disk')
  mkdirSync(path)
  const release = (): void => folder[Symbol.dispose]()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    release()
    return undefined
  }
  const dispose = (): void => {
    execFileSync('umount', [path])
    release()
  }
  return { path, [Symbol.dispose]: dispose }
}

/** Arguments of a run of the quick preset, by default from the start. */
export function quickArgv(
  folder: string,
  request: Partial<RunRequest> = {},
): [string, ...string[]] {
  const fresh = { folder, recipe: 'char-lm', preset: 'quick', attempt: null, resume: null }
  const [node = '', ...args] = childArgv({ ...fresh, ...request })
  return [node, ...args]
}

/** Starts a run without output; the test checks its errors. */
export function startQuick(folder: string, request?: Partial<RunRequest>): ChildProcess {
  const [node, ...args] = quickArgv(folder, request)
  return spawn(node, args, { stdio: 'ignore' })
}

/** Waits for a process to end; returns its exit code, or the signal that killed it. */
export async function ending(child: ChildProcess): Promise<number | string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return (child.exitCode ?? child.signalCode) as number | string
}

/** All events of a run, in order. */
export function eventsOf(folder: string): TrainingEvent[] {
  const events: TrainingEvent[] = []
  for (let at = 0, before = -1; at > before;) {
    before = at
    const piece = readJournal(join(folder, JOURNAL), at)
    events.push(...piece.events)
    at = piece.offset
  }
  return events
}

export function eventsOfType<Type extends TrainingEvent['type']>(
  events: readonly TrainingEvent[],
  type: Type,
): EventOf<Type>[] {
  return events.filter((event) => event.type === type) as EventOf<Type>[]
}

/** Waits until a condition on a run's folder is true; checks again after each change of a file. */
export async function until(folder: string, holds: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = () => holds() && resolve()
  const watcher = watch(folder, look)
  look()
  await promise.finally(() => watcher.close())
}

/** The names of the checkpoints in a run's folder, by step. */
export function checkpointsIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const stepOf = (name: string) => Number(name.split('-')[1])
  return names
    .filter((name) => name.startsWith('checkpoint-'))
    .sort((a, b) => stepOf(a) - stepOf(b))
}
