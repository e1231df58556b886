import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainingJobStatus } from '@bestmark/core'
import { listJobs } from '@bestmark/db'
import type { testBoard } from '../../board/testing.ts'
import { eventually, type Ran } from '../../testing.ts'
import { command } from '../testing.ts'

/** The shared start of the programs below: losses by step, files in any folder, and a wait. */
const SHARED = `
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
const [go = '', where = ''] = process.argv.slice(2)
const losses = [5, 4, 3, 3.5, 4.5, 6]
const waits = async () => { while (!existsSync(go)) await new Promise((next) => setTimeout(next, 20)) }
const header = JSON.stringify({ weight: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }).padEnd(64)
const save = (path) => {
  const bytes = Buffer.alloc(8 + 64 + 4)
  bytes.writeBigUInt64LE(64n)
  bytes.write(header, 8)
  bytes.writeFloatLE(1, 72)
  writeFileSync(path, bytes)
}
const table = async (folder, base = 0) => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(folder + '/metrics.csv', 'epoch,step,train_loss,val_loss\\n')
  for (const [index, loss] of losses.entries()) {
    if (index === 3) await waits()
    appendFileSync(folder + '/metrics.csv', '0,' + index + ',' + (base + loss) + ',\\n0,' + index + ',,' + (base + loss) + '\\n')
  }
}
const states = async (folder) => {
  const log_history = []
  for (const [index, eval_loss] of losses.entries()) {
    if (index === 3) await waits()
    const step = (index + 1) * 10
    const at = folder + '/checkpoint-' + step
    mkdirSync(at, { recursive: true })
    save(at + '/model.safetensors')
    log_history.push({ step, epoch: step, eval_loss })
    writeFileSync(at + '/trainer_state.json', JSON.stringify({ global_step: step, max_steps: 60, log_history }))
  }
}
const journal = async (folder) => {
  mkdirSync(folder, { recursive: true })
  const at = process.env.BESTMARK_RUN_FOLDER
  appendFileSync(at + '/bestmark-folders.jsonl', JSON.stringify({ folder: process.cwd() + '/' + folder }) + '\\n')
  const append = (event) => appendFileSync(folder + '/journal.jsonl', JSON.stringify(event) + '\\n')
  append({ journal: 1, job_id: crypto.randomUUID(), name: 'own', project: 'own' })
  append({ type: 'started', attempt: 0, at: Date.now() })
  for (const [index, eval_loss] of losses.entries()) {
    if (index === 3) await waits()
    append({ type: 'evaluation', attempt: 0, at: Date.now(), step: index + 1, values: { eval_loss } })
  }
}
`

/** Runs programs that choose their folders, with `bestmark run` in this process, one after another. */
export function programsWithOwnFolders(here: ReturnType<typeof testBoard>) {
  let count = 0

  /** Runs a program in a new working directory. If the first word is an option, it is one of `run`. */
  async function started(script: string, ...words: string[]) {
    const options = words[0]?.startsWith('--') ? words.splice(0, 2) : []
    const cwd = await mkdtemp(join(here.path, 'project-'))
    const name = `natural ${++count}`
    await writeFile(join(cwd, 'train.mjs'), SHARED + script)
    const go = join(cwd, 'go')
    const argv = ['run', '--name', name, ...options, '--', 'node', 'train.mjs', go, ...words]
    const ended: Promise<Ran> = command(argv, { env: here.env, cwd })
    const jobs = async (): Promise<TrainingJobStatus[]> => {
      const { jobs } = await listJobs(here.board.db, {})
      return jobs.filter((job) => job.name === name || job.name.startsWith(`${name}/`))
    }
    const goOn = (): Promise<void> => writeFile(go, '')
    return { cwd, name, ended, jobs, goOn }
  }

  /** The job once it has this root and this loss. */
  const jobAt = (jobs: () => Promise<TrainingJobStatus[]>, root: string, eval_loss: number) =>
    eventually(async () => {
      const found = await jobs()
      return found.find((job) => job.output_dir === root && job.eval_loss === eval_loss)
    })

  return { started, jobAt }
}
