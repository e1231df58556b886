import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Seconds of processor time of this process, and of the embedded server. */
export interface Cpu {
  process: number
  server: number
}

/** Ticks per second in /proc (USER_HZ of Linux). */
const TICKS = 100
/** Indices after the name in /proc/PID/stat: its parent, its own times, and those of ended children. */
const [PARENT, OWN, CHILDREN] = [1, [11, 12], [13, 14]]

export function cpuSoFar(home: string): Cpu {
  const { user, system } = process.cpuUsage()
  return { process: (user + system) / 1e6, server: treeSeconds(postmasterOf(home)) }
}

export function cpuSince(home: string, before: Cpu): Cpu {
  const now = cpuSoFar(home)
  return { process: now.process - before.process, server: now.server - before.server }
}

/** Seconds of processor time of this process's ended children and theirs. */
export function childrenSeconds(): number {
  return sum(fieldsOf(process.pid), CHILDREN)
}

function postmasterOf(home: string): number {
  const data = readdirSync(home).find((name) => /^postgres-\d+$/.test(name)) ?? ''
  return Number(readFileSync(join(home, data, 'postmaster.pid'), 'utf8').split('\n')[0])
}

/** The seconds of a process, its ended children, and its present children except `without`. */
export function treeSeconds(pid: number, without: ReadonlySet<number> = new Set()): number {
  const seconds = processes().map((id) => {
    const fields = fieldsOf(id)
    if (id === pid) return sum(fields, [...OWN, ...CHILDREN])
    return fields[PARENT] === pid && !without.has(id) ? sum(fields, OWN) : 0
  })
  return seconds.reduce((total, one) => total + one, 0)
}

/** The seconds of a process without its children. */
export function ownSeconds(pid: number): number {
  return sum(fieldsOf(pid), OWN)
}

function sum(fields: readonly number[], at: readonly number[]): number {
  return at.reduce((total, index) => total + (fields[index] ?? 0), 0) / TICKS
}

function processes(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

/** The fields after the name; none if the process has ended. */
function fieldsOf(pid: number): number[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
  } catch {
    // It ended meanwhile.
    return []
  }
}
