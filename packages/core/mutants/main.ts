/**
 * `pnpm mutants`: runs StrykerJS, then says which surviving changes lack a test, and which lines of
 * `unseen.tsv` are outdated. Words of the command line go to Stryker. Ends with 1 if there is any.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Change, differenceOf, parseUnseen, type Report, survivorsOf } from './unseen.ts'

const root = join(import.meta.dirname, '..')
const stryker = join(root, 'node_modules/.bin/stryker')
const { status } = spawnSync(stryker, ['run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)

const report = JSON.parse(
  readFileSync(join(root, 'reports/mutation/mutation.json'), 'utf8'),
) as Report
const survivors = survivorsOf(report)
const unseen = parseUnseen(readFileSync(join(import.meta.dirname, 'unseen.tsv'), 'utf8'))
const { untested, outdated } = differenceOf(report, survivors, unseen)
const lineOf = ({ file, from, to }: Change): string => `  ${file}: ${from} → ${to}\n`
process.stdout.write(
  `${survivors.length} changes survived; no test can see ${survivors.length - untested.length}.\n` +
    `${untested.length} lack a test:\n${untested.map(lineOf).join('')}` +
    `${outdated.length} lines of unseen.tsv are outdated:\n${outdated.map(lineOf).join('')}`,
)
process.exitCode = untested.length + outdated.length > 0 ? 1 : 0
