import { readdir, readFile } from 'node:fs/promises'

/** The id of the process that serves a board's pages, from the id of the board's process. */
export async function webServerOf(board: number): Promise<number> {
  for (const pid of await descendants(board)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    if (command.includes('serve.ts')) return pid
  }
  throw new Error(`No web server was found under process ${board}.`)
}

/** The ids of all processes that a process started, and those that they started. */
export async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8'))
  const children = (await Promise.all(lists)).join(' ').split(' ').filter(Boolean).map(Number)
  return [...children, ...(await Promise.all(children.map(descendants))).flat()]
}

/** The CPU time of a process so far (ms); the load of other processes does not change it. */
export async function computed(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Skips the name, which may hold any character. The values are ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}
