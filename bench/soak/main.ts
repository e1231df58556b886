import { writeFile } from 'node:fs/promises'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { temporaryFolder } from '../../apps/trainer/src/testing.ts'
import { counts } from './recorded.ts'
import { soak, type Harm, type Outcome } from './soak.ts'
import { PACE } from './trainer.ts'

const HARM = { kills: 200, server_kills: 20, cut: 60_000 }
const REPORT = fileURLToPath(new URL('../../docs/soak.md', import.meta.url))

/** What is wrong with an outcome, one sentence each. */
function faults({ written, recorded, best, grown, sources, served }: Outcome): string[] {
  const wrong: string[] = []
  for (const { source, isSame, ...steps } of sources) {
    if (isSame && steps.written === steps.recorded) continue
    wrong.push(`The board differs from the files of ${source}.`)
  }
  if (served.shipments < 2) wrong.push('Fewer than 2 shipments became live.')
  if (served.broken > 0) wrong.push(`The live version was broken at ${served.broken} checks.`)
  for (const [kind, rows] of Object.entries(written)) {
    const same = isDeepStrictEqual(rows, recorded[kind as keyof typeof recorded])
    if (!same) wrong.push(`The ${kind} on the board differ from the journal.`)
  }
  if (!isDeepStrictEqual(best.board, best.disk) || best.kept !== best.best) {
    wrong.push('The board chooses another checkpoint than the folder.')
  }
  if (grown.some((bytes) => bytes === 0)) wrong.push('The training waited for the recorder.')
  return wrong
}

function report(harm: Harm, outcome: Outcome, wrong: readonly string[]): string {
  const { appends, grown, servers, took, sources, served } = outcome
  const [logged, stored] = [counts(outcome.written), counts(outcome.recorded)]
  const machine = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()} ${release()} ${arch()}, Node ${process.version}`
  const row = (kind: keyof typeof logged) => `| ${kind} | ${logged[kind]} | ${stored[kind]} |`
  return `# Soak

\`pnpm soak\` trains with one step per ${PACE} ms while it kills agents and the database server and cuts the connection. Then it compares every row with the journal. Its last output:

${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, seed ${harm.seed}, ${Math.round(took / 1000)} s, on ${machine}

${harm.kills} agents killed at random instants, ${servers.length} database servers killed, the connection held and then refused for ${harm.cut / 1000} s.

| kind | in the journal | on the board |
| --- | --- | --- |
${row('points')}
${row('evaluations')}
${row('checkpoints')}
${row('logs')}

At the same time, other kinds of programs trained with one step per 50 ms, and checkpoints were shipped repeatedly. \`current\` was complete in ${served.looks - served.broken} of ${served.looks} checks, during ${served.shipments} shipments.

| written as | steps | on the board |
| --- | --- | --- |
${sources.map((one) => `| ${one.source} | ${one.written} | ${one.recorded} |`).join('\n')}

The training completed ${appends.steps} steps, ${(100 * appends.share_of_schedule).toFixed(1)} % of its schedule. Its ${appends.count} writes took ${appends.median.toFixed(3)} ms (median) and ${appends.longest.toFixed(1)} ms at most. While the database was away, the journal grew ${grown.length} of ${grown.length} times, by at least ${Math.min(...grown)} bytes.

${wrong.length > 0 ? wrong.join('\n') : 'Each point, evaluation, checkpoint and line is on the board exactly once and in order. The board and `bestmark pick` choose the same checkpoint.'}
`
}

const printLine = (line: string): void => void process.stdout.write(`${line}\n`)
const harm = { seed: Number(process.argv[2] ?? Date.now() % 1_000_000), ...HARM }
printLine(`seed ${harm.seed}`)
await using home = await temporaryFolder()
const outcome = await soak(home.path, harm, printLine)
const wrong = faults(outcome)
const text = report(harm, outcome, wrong)
printLine(text)
await writeFile(REPORT, text)
process.exitCode = wrong.length > 0 ? 1 : 0
