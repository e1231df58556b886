import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { SYSTEM } from '@bestmark/core'
import { processTree } from './tree.ts'

const execute = promisify(execFile)
/** How long nvidia-smi may take (ms). */
const PATIENCE = 5_000
/** Linux counts processor time in hundredths of a second (USER_HZ), and memory in pages. */
const TICKS = 100
const PAGE = 4096
const GIB = 2 ** 30

/** Values by their names, which begin with `system/`. */
type Used = Record<string, number>

/** Samples the machine usage of a program and its descendants. */
export class UsageSampler {
  readonly #pid: number
  #ticks = new Map<number, number>()
  #sampled = performance.now()
  #hasGpus = true

  constructor(pid: number) {
    this.#pid = pid
    this.#cpu(statsOf(pid))
  }

  /** The current usage; processor time counts since the last sample. Empty if nothing can be read. */
  async sample(): Promise<Used> {
    const stats = statsOf(this.#pid)
    const memory = stats.reduce((sum, { pages }) => sum + pages, 0) * PAGE
    const used: Used = { ...(await this.#gpus()) }
    if (stats.length > 0) {
      used[`${SYSTEM}cpu_percent`] = this.#cpu(stats)
      used[`${SYSTEM}memory_gib`] = rounded(memory / GIB)
    }
    const machine = machineMemory()
    if (machine !== undefined) used[`${SYSTEM}machine_memory_percent`] = machine
    return used
  }

  /** Percent of one processor since the last sample; a new process counts from its start. */
  #cpu(stats: readonly ProcessStat[]): number {
    const now = performance.now()
    const seconds = (now - this.#sampled) / 1000
    const used = stats.reduce((sum, { pid, ticks }) => sum + ticks - (this.#ticks.get(pid) ?? 0), 0)
    this.#ticks = new Map(stats.map(({ pid, ticks }) => [pid, ticks]))
    this.#sampled = now
    return seconds > 0 ? rounded((100 * used) / TICKS / seconds) : 0
  }

  /** Load and memory of each GPU; without nvidia-smi it is tried only once. */
  async #gpus(): Promise<Used> {
    if (!this.#hasGpus) return {}
    const query = '--query-gpu=index,utilization.gpu,memory.used'
    try {
      const words = [query, '--format=csv,noheader,nounits']
      const { stdout } = await execute('nvidia-smi', words, { timeout: PATIENCE })
      return gpuValues(stdout)
    } catch {
      this.#hasGpus = false
      return {}
    }
  }
}

/** Parses the output of nvidia-smi: one line per GPU with index, load (%) and memory (MiB). */
export function gpuValues(printed: string): Used {
  const used: Used = {}
  for (const line of printed.trim().split('\n')) {
    const [index, percent, memory] = line.split(',').map((cell) => Number(cell))
    if (index === undefined || Number.isNaN(index)) continue
    const set = (name: string, value: number | undefined): void => {
      if (value !== undefined && !Number.isNaN(value)) used[`${SYSTEM}gpu${index}_${name}`] = value
    }
    set('percent', percent)
    set('memory_gib', memory === undefined ? undefined : rounded(memory / 1024))
  }
  return used
}

interface ProcessStat {
  pid: number
  /** Processor time. */
  ticks: number
  /** Pages in memory. */
  pages: number
}

/** Usage of a process and its descendants. Linux only. */
function statsOf(pid: number): ProcessStat[] {
  return [...processTree(pid)].flatMap((one) => {
    const stat = textOf(`/proc/${one}/stat`)
    // The command's name is in brackets and may contain any character; the state follows it.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [user = NaN, kernel = NaN, pages = NaN] = [fields[11], fields[12], fields[21]]
    const isRead = Number.isFinite(user + kernel + pages)
    return isRead ? [{ pid: one, ticks: user + kernel, pages }] : []
  })
}

function machineMemory(): number | undefined {
  const text = textOf('/proc/meminfo')
  const of = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? NaN)
  const [all, free] = [of('MemTotal'), of('MemAvailable')]
  return Number.isFinite(all + free) ? rounded(100 * (1 - free / all)) : undefined
}

/** Empty if the process has ended, and on systems other than Linux. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(3))
}
