import type { CommandTable } from '../cli/command.ts'
import { completionScript } from '../cli/completion.ts'
import { oneOf } from '../cli/kind.ts'
import { valueOf } from '../cli/option.ts'
import { parse } from '../cli/parse.ts'
import { SHELLS } from '../cli/shells.ts'
import { printFile } from '../cli/terminal.ts'
import { EXIT } from '../failure.ts'
import { COMPLETION } from './completion.table.ts'

/** Prints the completion script of a shell. */
export async function main(
  words: readonly string[],
  tables: readonly CommandTable[],
): Promise<number> {
  const { args } = parse(words, COMPLETION)
  const shell = valueOf(oneOf(SHELLS), args.SHELL, 'SHELL')
  printFile(completionScript(shell, tables))
  return EXIT.found
}
