import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupUnusable, bytesText } from '@bestmark/core'
import {
  BoardInUse,
  BoardNotEmpty,
  checkBackup,
  Refused,
  restoreBackup,
  RESTORING,
  takeHostId,
} from '@bestmark/db'
import { openBoard, placeOf, type Board } from '../../board/board.ts'
import { BusyLine } from '../../cli/busyLine.ts'
import { callerPath } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import { print, notify } from '../../cli/terminal.ts'
import { EXIT, Failure, errorText } from '../../failure.ts'
import { backupAt, datedName, writeBackupFile } from './backupFile.ts'
import { RESTORE } from './restore.table.ts'

/** Checks a backup and puts it on the board. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, RESTORE)
  const path = callerPath(args.FILE)
  const file = backupAt(path)
  const header = await explained(path, async () => {
    using busyLine = new BusyLine()
    return await checkBackup(file, ({ table, bytes }) => {
      busyLine.show(`Checking ${table}: ${bytesText(bytes)} so far`)
    })
  })
  const { bestmark, made_at, host, host_id } = header
  const what = { file: path, made_at, bestmark, host, last_migration: header.migrations.at(-1) }
  const made = `of ${new Date(made_at).toISOString()}, made on ${host} by Bestmark ${bestmark}`
  if (values.check) {
    print(values.json ? JSON.stringify(what) : `${path} is complete: a backup ${made}.`)
    return EXIT.found
  }
  await using board = await openBoard(process.env, { application_name: RESTORING })
  const replaced = values.replace ? await backUpFirst(board) : undefined
  await explained(path, async () => {
    using busyLine = new BusyLine()
    await restoreBackup(board.db, file, {
      replace: values.replace,
      onProgress: ({ table, bytes }) => {
        busyLine.show(`Loading ${table}: ${bytesText(bytes)} so far`)
      },
    })
  })
  if (values['same-machine']) await takeHostId(placeOf(board), host_id)
  else if (host_id !== board.host_id) notify(...otherMachine(host))
  if (values.json) print(JSON.stringify({ ...what, replaced: replaced ?? null }))
  else
    print(
      `Restored the backup ${made}.`,
      ...(replaced ? [`The earlier board is in ${replaced}`] : []),
    )
  return EXIT.found
}

/** Backs up what the board holds, before it is replaced. Returns the file. */
async function backUpFirst(board: Board): Promise<string> {
  const folder = join(board.home, 'backups')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { file } = await writeBackupFile(board, join(folder, datedName(new Date())))
  return file
}

function otherMachine(host: string): string[] {
  return [
    `The jobs belong to ${host}. If this machine is ${host} with a new data folder, ` +
      'restore with --same-machine.',
  ]
}

/** Errors whose messages say what to do. */
const EXPLAINED = [BackupUnusable, BoardInUse, Refused]

/** Runs some work; its refusals become a Failure. */
async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (EXPLAINED.some((kind) => cause instanceof kind))
      throw new Failure(errorText(cause), { cause })
    if (cause instanceof BoardNotEmpty) {
      throw new Failure(
        'The board is not empty, so nothing was restored. Use another BESTMARK_HOME, or --replace, ' +
          'which first backs up the board.',
        { cause },
      )
    }
    const isOfFile = cause instanceof Error && 'path' in cause && 'syscall' in cause
    if (!isOfFile) throw cause
    throw new Failure(`Cannot read ${path}: ${errorText(cause)}`, { cause })
  }
}
