import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findJobs, jobDetail, jobLogs, readSeries, seriesNames } from '@bestmark/db'
import { expect } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { bestmark } from '../../testing.ts'
import { python, real, why } from '../../sources/programsTesting.ts'

const here = testBoard()
const git = (cwd: string, ...words: string[]) =>
  promisify(execFile)('git', ['-C', cwd, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...words])

/** Logs a table, writes its options to a file, prints, and trains for a while. */
const PROGRAM = `
import sys, time, os
root = sys.argv[sys.argv.index("--output_dir") + 1]
os.makedirs(root, exist_ok=True)
open(root + "/hparams.yaml", "w").write("lr: 0.5\\nbetas: [0.9, 0.99]\\n")
open(root + "/config.json", "w").write('{"lr": 0.1, "model": {"width": 64}, "api_key": "hidden"}')
open(root + "/train.toml", "w").write('ignored = 1\\n')
print("loading data")
print("a warning of the program", file=sys.stderr)
with open(root + "/metrics.csv", "w") as table:
    table.write("epoch,step,train_loss,val_loss\\n")
    for step in range(4):
        table.write(f"0,{step},{1 / (step + 1)},{2 / (step + 1)}\\n")
        table.flush()
held = bytearray(64 << 20)
# git and Python answer late on a busy machine, and the first sample comes after a second.
kept = os.environ["BESTMARK_RUN_FOLDER"]
ends = time.time() + 100
def text(name): return open(f"{kept}/{name}").read()
while time.time() < ends:
    if "packages" in text("bestmark-setup.json") and text("bestmark-usage.jsonl"): break
    sum(range(100_000))
print("\\rstep 1\\rstep 4", flush=True)
`

async function folderInGit(): Promise<string> {
  const cwd = await mkdtemp(join(here.path, 'repository-'))
  await writeFile(join(cwd, 'train.py'), PROGRAM)
  await git(cwd, 'init', '-q', '-b', 'trunk')
  await git(cwd, 'add', '.')
  await git(cwd, 'commit', '-qm', 'one')
  await writeFile(join(cwd, 'train.py'), `${PROGRAM}# changed\n`)
  return cwd
}

real(
  `a program under run has its configuration, environment, output and usage on the board${why}`,
  async () => {
    const cwd = await folderInGit()
    const root = join(cwd, 'out')
    const options = ['--output_dir', root, '--batch-size', '8', '--hf_token', 'hidden']
    const words = ['run', '--name', 'whole', '--', python ?? '', 'train.py', ...options]
    const { code } = await bestmark(words, { env: { ...here.env, INIT_CWD: cwd }, cwd })
    expect(code).toBe(0)
    const { db } = here.board
    const [job] = await findJobs(db, 'whole')
    const job_id = job?.job_id ?? ''
    const detail = await jobDetail(db, job_id)
    // Options in the run's configuration file win over options of the command.
    expect(detail?.config).toEqual({
      lr: 0.5,
      betas: [0.9, 0.99],
      'model.width': 64,
      output_dir: root,
      batch_size: 8,
    })
    const { stdout: commit } = await git(cwd, 'rev-parse', 'HEAD')
    expect(detail?.environment).toMatchObject({
      host: hostname(),
      git_commit: commit.trim(),
      git_branch: 'trunk',
      git_dirty: true,
      python: expect.stringMatching(/^3\./),
      packages: { torch: expect.stringMatching(/^\d/), numpy: expect.any(String) },
      command: expect.stringContaining('train.py --output_dir'),
      working_directory: cwd,
    })
    expect(JSON.stringify(detail)).not.toContain('hidden')
    const lines = (await jobLogs(db, job_id)).map(({ text }) => text)
    expect(lines).toEqual(
      expect.arrayContaining(['loading data', 'a warning of the program', 'step 4']),
    )
    const names = await seriesNames(db, job_id)
    expect(names.filter(({ kind }) => kind === 'system').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['system/cpu_percent', 'system/memory_gib']),
    )
    const [memory] = await readSeries(db, job_id, { names: ['system/memory_gib'], points: 10 })
    expect(memory?.values[0]).toBeGreaterThan(64 / 1024)
    expect(memory?.times[0]).toBeGreaterThan(Date.now() - 600_000)
    const picked = await bestmark(['pick', '--json', '--evaluations', root])
    const { config, environment } = JSON.parse(picked.stdout)
    expect({ config, environment }).toEqual({
      config: detail?.config,
      environment: detail?.environment,
    })
    // The usage series are not part of the training.
    expect(job).toMatchObject({ current_step: 4, eval_loss: 0.5 })
  },
)
