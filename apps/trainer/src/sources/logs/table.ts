import { cells, headOf, numberIn } from '../../files/csv.ts'
import { isHeldOut } from '../events/names.ts'
import { findCountKind, type LogRecord, recordOfPairs } from './logRecord.ts'

/** The mean reward of the last training episodes in Stable-Baselines3. */
const REWARD = 'rollout/ep_rew_mean'
const SEPARATORS = [',', '\t', ';', '|']

/** The head of a table: the column names and their separator. */
export interface Head {
  names: string[]
  separator: string
}

/** Reads a table head: it has a count column and others; undefined for any other line. */
export function readTableHead(line: string): Head | undefined {
  for (const separator of SEPARATORS) {
    const names = headOf(line, separator)
    if (names.length < 2 || !names.some((name) => findCountKind(name))) continue
    if (names.every((name) => /^[A-Za-z_][^{}]{0,80}$|^$/.test(name))) return { names, separator }
  }
  return undefined
}

/** Reads a table row; undefined if it has no count or no metric. */
export function readTableRow(line: string, { names, separator }: Head): LogRecord | undefined {
  const row = cells(line, separator)
  const record = recordOfPairs(names.map((name, index) => [name, numberIn(row[index])]))
  return record && !names.some((name) => isHeldOut(name)) ? withReward(record) : record
}

/** Without evaluations, Stable-Baselines3 measures a policy by the episodes of its training. */
function withReward(record: LogRecord): LogRecord {
  const { [REWARD]: reward, ...metrics } = record.metrics
  return reward === undefined ? record : { ...record, metrics, evaluation: { [REWARD]: reward } }
}
