import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { BoardAccess, resolveHome, setupToken } from '@bestmark/db'
import { parse } from '../cli/parse.ts'
import { EXIT, Failure } from '../failure.ts'
import { print, notify } from '../cli/terminal.ts'
import { LINK } from './link.table.ts'
import { joinLink } from '../board/joinLink.ts'
import { type Address, lastAddress } from './up/address.ts'

/** How long a server on this machine may take to accept a connection (ms). */
const PATIENCE = 1_000

/** Prints the link of this data folder's board. With --new, a new link replaces all others. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, LINK)
  const home = resolveHome()
  if (!existsSync(join(home, 'token'))) {
    throw new Failure(`The data folder ${home} has no link yet. Start the board first: bestmark up`)
  }
  const door = new BoardAccess(home)
  if (values.new) {
    const ended = await door.renew()
    const browsers = ended === 1 ? '1 browser' : `${ended} browsers`
    notify(`The old link no longer works. It had opened the board in ${browsers}.\n`)
  }
  const address = await lastAddress(home, process.env)
  print(`${address.open ? await signInLink(home, address.open) : await door.link(address)}\n`)
  if (!(await answers(address))) notify('The board is not running. Start it: bestmark up\n')
  return EXIT.found
}

/** Where people sign in; before the first account the link that makes it. */
async function signInLink(home: string, open: string): Promise<string> {
  const hasSetup = existsSync(join(home, 'setup_token'))
  return hasSetup ? joinLink(open, await setupToken(home)) : `${open}/`
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
