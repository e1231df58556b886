import { execFile } from 'node:child_process'
import { arch, availableParallelism, hostname, release, totalmem, type as system } from 'node:os'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { ownSlurmJob } from '../../slurm/ownJob.ts'
import { redactedCommand } from '../../sources/config/commandLine.ts'
import { jsonObject } from '../../files/json.ts'

const execute = promisify(execFile)
/** How long git, Python or nvidia-smi may take (ms). */
const PATIENCE = 20_000

/** The environment of a program, by name. */
export type Environment = Record<string, unknown>

/** The command line of a program, and its working directory. */
interface Command {
  argv: readonly string[]
  cwd: string
}

/** The part of the environment that needs no other program. */
export function environmentOfSystem({ argv, cwd }: Command): Environment {
  const slurm = ownSlurmJob()
  return {
    host: hostname(),
    system: `${system()} ${release()} ${arch()}`,
    cpus: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    command: redactedCommand(argv),
    working_directory: cwd,
    ...(slurm && { slurm }),
  }
}

/** What git, Python and nvidia-smi print. A missing or failing program adds nothing. */
export async function environmentFromPrograms(
  command: Command,
  signal: AbortSignal,
): Promise<Environment> {
  const [git, python, gpus] = await Promise.all([
    gitOf(command.cwd, signal),
    pythonOf(command, signal),
    gpusOf(signal),
  ])
  return { ...git, ...python, ...gpus }
}

async function gitOf(cwd: string, signal: AbortSignal): Promise<Environment> {
  const git = (...words: string[]) => printed('git', ['-C', cwd, ...words], { signal })
  const git_commit = await git('rev-parse', 'HEAD')
  if (!git_commit) return {}
  const branch = await git('rev-parse', '--abbrev-ref', 'HEAD')
  const changes = await git('status', '--porcelain', '--untracked-files=no')
  return {
    git_commit,
    ...(branch && branch !== 'HEAD' && { git_branch: branch }),
    ...(changes !== undefined && { git_dirty: changes !== '' }),
  }
}

/** Packages whose versions may change a result. A list of all packages would be too long. */
const PACKAGES =
  'torch torchvision transformers accelerate datasets peft trl diffusers sentence-transformers lightning pytorch-lightning keras tensorflow jax flax optax numpy scikit-learn timm ultralytics deepspeed xgboost lightgbm catboost spacy bitsandbytes tokenizers safetensors bestmark'

/** Removes the program's folder from the path, so that none of its modules is imported. */
const ASK = `
import sys
sys.path = [path for path in sys.path if path]
import json, platform
from importlib import metadata
packages = {}
for name in "${PACKAGES}".split():
    try: packages[name] = metadata.version(name)
    except Exception: pass
print(json.dumps({"python": platform.python_version(), "packages": packages}))
`

async function pythonOf({ argv, cwd }: Command, signal: AbortSignal): Promise<Environment> {
  const [program = ''] = argv
  if (!/^python[\d.]*$/.test(basename(program))) return {}
  return jsonObject((await printed(program, ['-c', ASK], { cwd, signal })) ?? '') ?? {}
}

async function gpusOf(signal: AbortSignal): Promise<Environment> {
  const words = ['--query-gpu=name', '--format=csv,noheader']
  const names = await printed('nvidia-smi', words, { signal })
  return names ? { gpus: names.split('\n').map((name) => name.trim()) } : {}
}

/** The output of a program; undefined if it is not installed or fails. */
async function printed(
  program: string,
  words: readonly string[],
  { cwd, signal }: { cwd?: string; signal: AbortSignal },
): Promise<string | undefined> {
  // git must not lock a repository in which the user works.
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0' }
  try {
    const { stdout } = await execute(program, words, { cwd, signal, env, timeout: PATIENCE })
    return stdout.trim()
  } catch {
    return undefined
  }
}
