import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../testing.ts'
import { hasSlurm } from './testing.ts'

const execute = promisify(execFile)

const PROGRAMS = [
  ...['/usr/sbin/slurmdbd', '/usr/sbin/mariadbd', '/usr/bin/mariadb-install-db'],
  '/usr/bin/my_print_defaults',
]
/** Whether a Slurm with accounting can be started here. */
export const hasAccounting = hasSlurm && PROGRAMS.every((path) => existsSync(path))
/** Added to the names of skipped tests: why they are skipped. */
export const whyNoAccounting = hasAccounting
  ? ''
  : ' (skipped: it starts Slurm with its accounting, which needs root, and the packages slurmctld, slurmd, slurm-client, munge, slurmdbd, mariadb-server-core and mariadb-client-core)'

/**
 * Starts a MariaDB and the daemon that keeps the accounts there, in the folder of a Slurm whose munge
 * runs. Returns the lines that its configuration needs.
 */
export async function startAccounting(
  path: string,
  start: (program: string, ...words: string[]) => void,
  [database, daemon]: [number, number],
): Promise<string> {
  const data = join(path, 'mariadb')
  await mkdir(data, { mode: 0o755 })
  const here = ['--no-defaults', '--user=root', `--datadir=${data}`]
  const made = ['--auth-root-authentication-method=normal', '--skip-test-db']
  await execute('mariadb-install-db', [...here, ...made])
  const socket = [`--socket=${data}/socket`, `--pid-file=${data}/pid`]
  const port = ['--bind-address=127.0.0.1', `--port=${database}`, '--skip-name-resolve']
  start('mariadbd', ...here, ...socket, ...port)
  await answers(database)
  const munge = `${path}/munge/socket`
  const conf = `AuthType=auth/munge
AuthInfo=socket=${munge}
DbdHost=localhost
DbdPort=${daemon}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=${database}
StorageUser=root
StorageLoc=slurm
PidFile=${path}/slurmdbd.pid
LogFile=${path}/slurmdbd.log
`
  await writeFile(join(path, 'slurmdbd.conf'), conf, { mode: 0o600 })
  start('slurmdbd', '-D')
  await answers(daemon)
  return `AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=${daemon}
AccountingStoragePass=${munge}
`
}

/** Waits until something listens on a port of this machine. */
async function answers(port: number): Promise<void> {
  await eventually(
    () =>
      new Promise<true | undefined>((resolve) => {
        const socket = connect(port, '127.0.0.1')
        socket.once('connect', () => (socket.destroy(), resolve(true)))
        socket.once('error', () => resolve(undefined))
      }),
  )
}
