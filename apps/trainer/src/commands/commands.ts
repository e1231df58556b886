import type { CommandTable } from '../cli/command.ts'
import { AGENT } from './agent.table.ts'
import { ALERTS } from './alerts.table.ts'
import { AUDIT } from './audit.table.ts'
import { BACKTEST } from './backtest/backtest.table.ts'
import { BACKUP } from './backup/backup.table.ts'
import { RESTORE } from './backup/restore.table.ts'
import { BEST } from './best.table.ts'
import { COMPARE } from './compare/compare.table.ts'
import { COMPLETION } from './completion.table.ts'
import { DEPLOY } from './deploy.table.ts'
import { DISTRIBUTE } from './distribute.table.ts'
import { EVAL } from './eval/eval.table.ts'
import { EXPORT } from './export.table.ts'
import { IMPORT } from './import.table.ts'
import { JOBS } from './jobs.table.ts'
import { LINK } from './link.table.ts'
import { MODELS } from './models.table.ts'
import { OUTPUT_COMMAND } from './output.table.ts'
import { PEOPLE } from './people.table.ts'
import { PICK } from './pick/pick.table.ts'
import { PIN } from './pin.table.ts'
import { POLICY_COMMAND } from './policy.table.ts'
import { PRUNE } from './prune/prune.table.ts'
import { REPORT } from './report/report.table.ts'
import { RUN } from './run/run.table.ts'
import { SCORE } from './score/score.table.ts'
import { SPACE } from './space/space.table.ts'
import { START } from './start.table.ts'
import { TARGETS } from './targets.table.ts'
import { TOKENS } from './tokens.table.ts'
import { TRAIN } from './train.table.ts'
import { UP } from './up/up.table.ts'
import { WATCH } from './watch/watch.table.ts'

/** Runs a command and returns its exit code. `tables` are those of all commands. */
type Main = (words: readonly string[], tables: readonly CommandTable[]) => Promise<number>

/** A command: its table, and how its code is loaded, which no other command needs. */
export interface Command {
  table: CommandTable
  load: () => Promise<{ main: Main }>
}

/** All commands, in groups for the help. */
export const GROUPS: readonly { title: string; commands: readonly Command[] }[] = [
  {
    title: 'The board',
    commands: [
      { table: UP, load: () => import('./up/up.ts') },
      { table: LINK, load: () => import('./link.ts') },
      { table: PEOPLE, load: () => import('./people.ts') },
      { table: TOKENS, load: () => import('./tokens.ts') },
      { table: AUDIT, load: () => import('./audit.ts') },
      { table: AGENT, load: () => import('./agent.ts') },
      { table: ALERTS, load: () => import('./alerts.ts') },
    ],
  },
  {
    title: 'Record runs',
    commands: [
      { table: WATCH, load: () => import('./watch/watch.ts') },
      { table: RUN, load: () => import('./run/run.ts') },
      { table: IMPORT, load: () => import('./import.ts') },
      { table: TRAIN, load: () => import('./train.ts') },
      { table: START, load: () => import('./start.ts') },
    ],
  },
  {
    title: 'Find the best checkpoint',
    commands: [
      { table: PICK, load: () => import('./pick/pick.ts') },
      { table: BEST, load: () => import('./best.ts') },
      { table: COMPARE, load: () => import('./compare/compare.ts') },
      { table: JOBS, load: () => import('./jobs.ts') },
      { table: OUTPUT_COMMAND, load: () => import('./output.ts') },
      { table: REPORT, load: () => import('./report/report.ts') },
    ],
  },
  {
    title: 'Ship checkpoints',
    commands: [
      { table: DEPLOY, load: () => import('./deploy.ts') },
      { table: MODELS, load: () => import('./models.ts') },
      { table: TARGETS, load: () => import('./targets.ts') },
    ],
  },
  {
    title: 'Measure and decide',
    commands: [
      { table: SCORE, load: () => import('./score/score.ts') },
      { table: EVAL, load: () => import('./eval/eval.ts') },
      { table: POLICY_COMMAND, load: () => import('./policy.ts') },
      { table: BACKTEST, load: () => import('./backtest/backtest.ts') },
    ],
  },
  {
    title: 'Keep and move',
    commands: [
      { table: PIN, load: () => import('./pin.ts') },
      { table: PRUNE, load: () => import('./prune/prune.ts') },
      { table: EXPORT, load: () => import('./export.ts') },
      { table: BACKUP, load: () => import('./backup/backup.ts') },
      { table: SPACE, load: () => import('./space/space.ts') },
      { table: RESTORE, load: () => import('./backup/restore.ts') },
      { table: DISTRIBUTE, load: () => import('./distribute.ts') },
    ],
  },
  {
    title: 'This program',
    commands: [{ table: COMPLETION, load: () => import('./completion.ts') }],
  },
]

/** All commands. */
export const COMMANDS: readonly Command[] = GROUPS.flatMap(({ commands }) => commands)
