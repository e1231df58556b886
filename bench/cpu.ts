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
  return { process: (user + system) / 1e6, server: serverTicks(home) / TICKS }
}

export function cpuSince(home: string, before: Cpu): Cpu {
  const now = cpuSoFar(home)
  return { process: now.process - before.process, server: now.server - before.server }
}

/** Seconds of processor time of this process's ended children and theirs. */
export function childrenSeconds(): number {
  const [, fields = []] = processes().find(([id]) => id === String(process.pid)) ?? []
  return CHILDREN.reduce((total, index) => total + (fields[index] ?? 0), 0) / TICKS
}

/** The postmaster, its ended children, and its present children. */
function serverTicks(home: string): number {
  const data = readdirSync(home).find((name) => /^postgres-\d+$/.test(name)) ?? ''
  const pid = readFileSync(join(home, data, 'postmaster.pid'), 'utf8').split('\n')[0]
  const sum = (fields: number[], at: number[]): number =>
    at.reduce((total, index) => total + (fields[index] ?? 0), 0)
  return processes().reduce((ticks, [id, fields]) => {
    if (id === pid) return ticks + sum(fields, [...OWN, ...CHILDREN])
    return fields[PARENT] === Number(pid) ? ticks + sum(fields, OWN) : ticks
  }, 0)
}

function processes(): [id: string, fields: number[]][] {
  return readdirSync('/proc').flatMap((id): [string, number[]][] => {
    if (!/^\d+$/.test(id)) return []
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
      return [
        [
          id,
          stat
            .slice(stat.lastIndexOf(')') + 2)
            .split(' ')
            .map(Number),
        ],
      ]
    } catch {
      // It ended meanwhile.
      return []
    }
  })
}
