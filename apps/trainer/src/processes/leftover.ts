import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, systemCode } from '../failure.ts'
import { isAlive, ProcessMark, readIfThere } from './alive.ts'
import { markOf } from './mark.ts'

/** How long a program may take to end after SIGTERM, and then after SIGKILL (ms). */
const GRACE = 4_000
/** The end of a process of another parent is not an event (ms). */
const LOOK = 50

const NAME = 'process.json'

/** Keeps in a folder that a program runs, so that `endLeftover` finds it after its starter was killed. */
export function keepProcess(folder: string, pid: number): void {
  const mark = markOf(pid)
  // A program that has ended needs no mark.
  if (mark) writeFileSync(join(folder, NAME), JSON.stringify(mark))
}

/** A variable in the environment of a program and its children. */
export interface OwnVariable {
  name: string
  value: string
}

/**
 * Ends a program of a starter that was killed, with its children: the one that is kept in a folder, and
 * on Linux every process with the variable, which no other program has. Waits until they have ended.
 * Throws a Failure if one does not end.
 */
export async function endLeftover(folder: string, variable: OwnVariable): Promise<void> {
  const kept = keptProcess(folder)
  const found = [...(kept && isAlive(kept) ? [kept] : []), ...processesWith(variable)]
  const marks = [...new Map(found.map((mark) => [mark.pid, mark])).values()]
  const alive = (): ProcessMark[] => marks.filter(isAlive)
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    for (const mark of alive()) signal(mark, mark.pid === kept?.pid, name)
    const since = performance.now()
    while (alive().length > 0 && performance.now() - since < GRACE) await sleep(LOOK)
  }
  const [left] = alive()
  if (!left) return
  throw new Failure(
    `The program of an earlier try still runs as process ${left.pid}, and does not end. ` +
      'End it and ship again.',
  )
}

function signal({ pid }: ProcessMark, leads: boolean, name: NodeJS.Signals): void {
  try {
    // It was started as the leader of a group with its children.
    process.kill(leads ? -pid : pid, name)
  } catch (error) {
    // It has ended.
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

function keptProcess(folder: string): ProcessMark | undefined {
  const text = readIfThere(join(folder, NAME))
  if (text === undefined) return undefined
  try {
    return ProcessMark.parse(JSON.parse(text))
  } catch {
    // A file that a killed starter left incomplete counts as missing.
    return undefined
  }
}

/** The processes of this user with a variable. Linux only. */
function processesWith({ name, value }: OwnVariable): ProcessMark[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === process.pid) return []
    if (!environmentOf(pid).includes(`\0${name}=${value}\0`)) return []
    return markOf(pid) ?? []
  })
}

/** Empty if the process has ended, or is one of another user. */
function environmentOf(pid: number): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return ''
  }
}
