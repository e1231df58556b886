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
