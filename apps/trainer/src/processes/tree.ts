import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { isBelow } from '../files/below.ts'

/** Where processes work and write. Empty on systems other than Linux. */
export interface ProcessPaths {
  /** Their working directories. */
  folders: Set<string>
  /** Files that they have open for writing. */
  files: Set<string>
}

/** A process and all its running descendants. Linux only. */
export function processTree(pid: number): Set<number> {
  const children = Map.groupBy(processes(), parentOf)
  const tree = new Set([pid])
  for (const one of tree) for (const child of children.get(one) ?? []) tree.add(child)
  return tree
}

/** Where processes work and write. */
export function processPaths(pids: Iterable<number>): ProcessPaths {
  const paths: ProcessPaths = { folders: new Set(), files: new Set() }
  for (const pid of pids) {
    const folder = linkOf(`/proc/${pid}/cwd`)
    if (folder) paths.folders.add(folder)
    for (const file of openFiles(pid)) paths.files.add(file)
  }
  return paths
}

/** The command lines of processes. */
export function commandsOf(pids: Iterable<number>): string[][] {
  return [...pids].map((pid) => textOf(`/proc/${pid}/cmdline`).split('\0').slice(0, -1))
}

/**
 * Whether a process outside a tree has a file below a folder open for writing. The files of a data
 * folder inside of it do not count: the board itself writes them.
 */
export function isWrittenByOthers(
  folder: string,
  tree: ReadonlySet<number>,
  dataFolder: string,
): boolean {
  const data = orNothing(() => realpathSync(dataFolder), dataFolder)
  const isPart = (file: string): boolean =>
    isBelow(file, folder) && !(isBelow(data, folder) && isBelow(file, data))
  return processes().some((pid) => !tree.has(pid) && openFiles(pid).some(isPart))
}

function processes(): number[] {
  return namesIn('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
}

function parentOf(pid: number): number {
  const stat = textOf(`/proc/${pid}/stat`)
  // The command's name is in brackets and may contain any character.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
}

function openFiles(pid: number): string[] {
  return namesIn(`/proc/${pid}/fd`).flatMap((name) => {
    const file = linkOf(`/proc/${pid}/fd/${name}`)
    if (!file?.startsWith('/') || /^\/(dev|proc|sys)\//.test(file)) return []
    const flags = /^flags:\s*(\d+)/m.exec(textOf(`/proc/${pid}/fdinfo/${name}`))?.[1] ?? '0'
    // O_WRONLY and O_RDWR are 1 and 2.
    return (parseInt(flags, 8) & 3) > 0 ? [file] : []
  })
}

/** Empty if the process has ended or belongs to another user. */
function namesIn(folder: string): string[] {
  return orNothing(() => readdirSync(folder), [])
}

function linkOf(path: string): string | undefined {
  return orNothing(() => readlinkSync(path), undefined)
}

function textOf(path: string): string {
  return orNothing(() => readFileSync(path, 'utf8'), '')
}

function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read()
  } catch {
    return nothing
  }
}
