import { bytesText } from '@bestmark/core'
import { openBoard } from '../../board/board.ts'
import { callerPath } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import { print } from '../../cli/terminal.ts'
import { EXIT } from '../../failure.ts'
import { BACKUP } from './backup.table.ts'
import { fileIn, type WrittenBackup, writeBackupFile } from './backupFile.ts'

/** Writes the board to a file. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, BACKUP)
  const file = await fileIn(callerPath(args.FILE))
  await using board = await openBoard()
  const written = await writeBackupFile(board, file)
  print(values.json ? JSON.stringify(resultOf(written)) : plain(written))
  return EXIT.found
}

function plain({ file, bytes, tables }: WrittenBackup): string {
  const jobs = tables['training_jobs'] ?? 0
  return `${file}: ${jobs} ${jobs === 1 ? 'job' : 'jobs'}, ${bytesText(bytes)}`
}

/** The fields of `--json`. */
export function resultOf({ file, bytes, tables, header }: WrittenBackup): object {
  const { made_at, migrations, bestmark } = header
  return { file, bytes, made_at, bestmark, last_migration: migrations.at(-1), tables }
}
