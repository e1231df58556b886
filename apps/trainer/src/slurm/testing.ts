import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../testing.ts'

const execute = promisify(execFile)

const PROGRAMS = ['/usr/sbin/munged', '/usr/sbin/slurmctld', '/usr/sbin/slurmd', '/usr/bin/sbatch']
/** Whether a Slurm of one node can be started here. */
export const hasSlurm = process.getuid?.() === 0 && PROGRAMS.every((path) => existsSync(path))
/** Added to the names of skipped tests: why they are skipped. */
export const why = hasSlurm
  ? ''
  : ' (skipped: they start Slurm, which needs root, and the packages slurmctld, slurmd, slurm-client and munge)'

/** How long a test may take (ms): Slurm waits between what it does, also on a fast machine. */
export const PATIENCE = 400_000

/** A Slurm of one node with two partitions: a job in `high` preempts those in `low`. */
export interface TestSlurm extends AsyncDisposable {
  /** The folder of the scripts and outputs of its jobs. */
  path: string
  /** The environment of Slurm's programs. */
  env: { SLURM_CONF: string }
  /** Runs one of Slurm's programs and returns its output. */
  call: (program: string, ...words: string[]) => Promise<string>
  /** Submits a batch script, and returns the number of its job. */
  submit: (script: string, options?: string[], env?: NodeJS.ProcessEnv) => Promise<string>
  /** The value of a field of `scontrol show job`. */
  field: (job_id: string, name: string) => Promise<string | undefined>
}

/** Starts what keeps the accounts of a Slurm, and returns the lines that its configuration needs. */
type Accounting = (
  path: string,
  start: (program: string, ...words: string[]) => void,
  ports: [number, number],
) => Promise<string>

/**
 * Starts a Slurm in a temporary folder, with a key and ports of its own, and with `accounting` if it is
 * given. Needs root.
 */
export async function startSlurm(accounting?: Accounting): Promise<TestSlurm> {
  const path = await mkdtemp(join(tmpdir(), 'slurm-'))
  // Slurm refuses folders that others may not search.
  await chmod(path, 0o755)
  for (const folder of ['state', 'spool', 'munge']) await mkdir(join(path, folder), { mode: 0o755 })
  const conf = join(path, 'slurm.conf')
  const env = { SLURM_CONF: conf }
  await writeFile(join(path, 'munge/key'), randomBytes(1_024), { mode: 0o400 })
  const own = configuration(path, [await freePort(), await freePort()])
  const munge = ['key', 'socket', 'pid', 'seed', 'log'].map((name) => {
    const option = { pid: 'pid-file', seed: 'seed-file', log: 'log-file', key: 'key-file' }
    return `--${option[name as keyof typeof option] ?? name}=${path}/munge/${name}`
  })
  const daemons: ChildProcess[] = []
  const start = (program: string, ...words: string[]): void => {
    const log = openSync(join(path, `${program}.out`), 'a')
    const stdio = ['ignore' as const, log, log]
    daemons.push(spawn(`/usr/sbin/${program}`, words, { env: { ...process.env, ...env }, stdio }))
    closeSync(log)
  }
  const call: TestSlurm['call'] = async (program, ...words) =>
    (await execute(program, words, { env: { ...process.env, ...env } })).stdout.trim()
  start('munged', '--foreground', '--force', '--num-threads=2', ...munge)
  await eventually(async () => existsSync(join(path, 'munge/socket')) || undefined)
  const ports: [number, number] = [await freePort(), await freePort()]
  await writeFile(conf, own)
  const more = await accounting?.(path, start, ports)
  if (more) await writeFile(conf, own + more)
  start('slurmctld', '-D')
  start('slurmd', '-D')
  await eventually(async () => {
    const state = await call('sinfo', '-h', '-o', '%T').catch(() => '')
    return state.startsWith('idle') || undefined
  })
  return {
    ...{ path, env, call },
    submit: async (script, options = [], more = {}) => {
      const words = ['--parsable', `--output=${path}/%j.out`, '--open-mode=append', ...options]
      const submitted = execute('sbatch', words, { env: { ...process.env, ...env, ...more } })
      submitted.child.stdin?.end(script)
      return (await submitted).stdout.trim()
    },
    field: async (job_id, name) => {
      const shown = await call('scontrol', 'show', 'job', job_id)
      return new RegExp(`\\b${name}=(\\S*)`).exec(shown)?.[1]
    },
    [Symbol.asyncDispose]: async () => {
      await call('scancel', '--signal=KILL', '--full', '--user=root').catch(() => '')
      await call('scancel', '--user=root').catch(() => '')
      await eventually(async () => (await call('squeue', '-h').catch(() => '')) === '' || undefined)
      for (const daemon of daemons.reverse()) await ended(daemon)
      await rm(path, { recursive: true, force: true })
    },
  }
}

async function ended(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const over = once(daemon, 'exit')
  daemon.kill('SIGTERM')
  await over
}

/** Without cgroups, so that it works in a container. Credentials end early, so a requeue is quick. */
function configuration(path: string, [control, node]: [number, number]): string {
  const host = hostname().split('.')[0]
  const files = [
    ...['slurmctld', 'slurmd'].map((name) => `${name}PidFile=${path}/${name}.pid`),
    ...['slurmctld', 'slurmd'].map((name) => `${name}LogFile=${path}/${name}.log`),
  ]
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${control}
SlurmdPort=${node}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=${path}/munge/socket,cred_expire=5
StateSaveLocation=${path}/state
SlurmdSpoolDir=${path}/spool
${files.join('\n')}
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=1000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
KillWait=20
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=8000
PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1
PartitionName=high Nodes=ALL MaxTime=INFINITE PriorityTier=9 PreemptMode=OFF
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('A server has no port.')
  return address.port
}
