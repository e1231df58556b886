import { readdir, readFile } from 'node:fs/promises'

/** The id of the process that serves the pages of a board, by that of the board. */
export async function webServerOf(board: number): Promise<number> {
  for (const pid of await descendants(board)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    if (command.includes('serve.ts')) return pid
  }
  throw new Error(`No web server was found under process ${board}.`)
}

async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8'))
  const own = (await Promise.all(lists)).join(' ').split(' ').filter(Boolean).map(Number)
  return [...own, ...(await Promise.all(own.map(descendants))).flat()]
}

/** How long a process has computed so far (ms); unlike times it does not grow with others' load. */
export async function computed(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // After the name, which may hold anything; in ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}
