import { columns, measuredJson } from '@bestmark/core'
import { listTargets } from '@bestmark/db'
import { openBoard } from '../board/board.ts'
import { parse } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { EXIT } from '../failure.ts'
import { TARGETS } from './targets.table.ts'

/** Lists the targets of each host. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, TARGETS)
  await using board = await openBoard()
  const targets = await listTargets(board.db)
  if (values.json) print(...targets.map((one) => measuredJson(one)))
  else
    print(
      ...columns(
        targets.map(({ host, name, kind, place }) => [host, name, kind, place]),
        [],
      ),
    )
  if (targets.length === 0) notify('No agent has published its targets. Start: bestmark agent')
  return targets.length > 0 ? EXIT.found : EXIT.nothing
}
