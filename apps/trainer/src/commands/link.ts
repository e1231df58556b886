import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Door, resolveHome } from '@bestmark/db'
import { parseWords } from '../cli/arguments.ts'
import { EXIT, Failure } from '../failure.ts'
import { print, tell } from '../cli/terminal.ts'
import { type Address, lastAddress } from './up/address.ts'

export const usage = `bestmark link [--new]
Prints the link that opens the board. --new makes another one: the link of before, and every browser
that it let in, is refused from then on. PORT (of the last start) and BESTMARK_HOME are honoured.
Where a browser does not find the name in the link (Safari), put 127.0.0.1 in its place.`

/** How long a server of this machine may take to take a connection (ms). */
const PATIENCE = 1_000

/** Prints the link of this data folder's board; with --new it is another one, and all others end. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parseWords(words, { new: { type: 'boolean', default: false } }, usage)
  const home = resolveHome()
  if (!existsSync(join(home, 'token'))) {
    throw new Failure(`The data folder ${home} has no link yet. Start its board: bestmark up`)
  }
  const door = new Door(home)
  if (values.new) {
    const ended = await door.renew()
    const browsers = ended === 1 ? '1 browser that was' : `${ended} browsers that were`
    tell(`The old link, and ${browsers} let in with it, are refused from now on.\n`)
  }
  const address = await lastAddress(home, process.env)
  print(`${await door.link(address)}\n`)
  if (!(await answers(address))) tell('No board answers there now. Start it: bestmark up\n')
  return EXIT.found
}

function answers({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE })
    const end = (answered: boolean) => (): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false))
  })
}
