import { distribute, type DistributedStep, Refused } from '@bestmark/db'
import { openBoard } from '../board/board.ts'
import { parse } from '../cli/parse.ts'
import { print } from '../cli/terminal.ts'
import { EXIT, Failure } from '../failure.ts'
import { DISTRIBUTE } from './distribute.table.ts'

/** Distributes the tables of the board over the workers of a Citus coordinator. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, DISTRIBUTE)
  await using board = await openBoard()
  const dry_run = values['dry-run']
  const done = await distribute(board.db, { dry_run }).catch((error: unknown) => {
    throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
  })
  if (values.json) print(JSON.stringify({ ...done, dry_run }))
  else print(...done.steps.map((step) => stepText(step, dry_run)), serversText(done))
  return EXIT.found
}

/** What was done to a table, or would be. */
function stepText({ table, change, refers_to }: DistributedStep, dry_run: boolean): string {
  const will = dry_run ? 'will be ' : ''
  switch (change) {
    case 'distributed':
      return `${table}: ${will}distributed by job_id`
    case 'already_distributed':
      return `${table}: already distributed`
    case 'key_removed':
      return `${table}: ${will}without its foreign key to ${refers_to ?? ''}`
  }
}

function serversText({ citus, servers }: { citus: string; servers: number }): string {
  return `Citus ${citus}, ${servers} ${servers === 1 ? 'server' : 'servers'} with rows of jobs`
}
