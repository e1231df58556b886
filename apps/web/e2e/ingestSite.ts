import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createApiToken } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { inject } from 'vitest'
import { serve } from './webServer.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const MAIN = join(ROOT, 'apps/trainer/src/main.js')
const CLIENT = join(ROOT, 'clients/python/src')
const PYTHON = process.env['BESTMARK_PYTHON'] ?? 'python3'

/** A board that takes runs of the project `asr` over HTTP, and the machines that send them. */
export interface IngestSite extends AsyncDisposable {
  db: TestDatabase
  /** The board of a machine that imports the same folders. */
  local: TestDatabase
  home: string
  url: string
  /** The Python of the tests. */
  program: string
  stopServer: () => Promise<void>
  /** Starts the server again at the same address. */
  startServer: () => Promise<void>
  /** Starts Python with the client of this repository; the board is at `to`. */
  python: (words: string[], to?: string) => ChildProcess
  /** Starts a command of `bestmark` on a host that has no database. */
  host: (words: string[], token?: string, home?: string) => ChildProcess
  /** Starts `bestmark watch --to` there. */
  watch: (words: string[], options?: { to?: string; token?: string }) => ChildProcess
  /** Starts a command on a machine with a database: by default the one that imports. */
  bestmarkLocal: (words: string[], on?: TestDatabase) => ChildProcess
}

/** Starts such a board. Its end kills what still runs. */
export async function ingestSite(): Promise<IngestSite> {
  const [db, local] = await Promise.all([testDatabase(), testDatabase()])
  const home = await mkdtemp(join(tmpdir(), 'bestmark-ingest-'))
  let server = await serve(home, db.databaseUrl, inject('pages'))
  const { url } = server
  const token = { name: 'gpu', scope: 'ingest', days: 1, project: 'asr' } as const
  const { secret } = await createApiToken(db, token)
  const children = new Set<ChildProcess>()
  const start = (program: string, words: string[], env: NodeJS.ProcessEnv) => {
    const child = spawn(program, words, { env, cwd: home })
    children.add(child)
    return child
  }
  const { DATABASE_URL: _none, ...others } = process.env
  const host = (words: string[], BESTMARK_TOKEN = secret, of = 'host') => {
    const own = { BESTMARK_HOME: join(home, of), BESTMARK_TOKEN, INIT_CWD: home }
    return start(process.execPath, [MAIN, ...words], { ...others, ...own, PYTHONPATH: CLIENT })
  }
  return {
    ...{ db, local, home, url, host, program: PYTHON },
    stopServer: () => server.stop(),
    startServer: async () => {
      server = await serve(home, db.databaseUrl, inject('pages'), { PORT: new URL(url).port })
    },
    python: (words, to = url) => {
      const env = { BESTMARK_TO: to, BESTMARK_TOKEN: secret, BESTMARK_MACHINE: 'off' }
      const path = { PYTHONPATH: CLIENT, PATH: process.env['PATH'] }
      return start(PYTHON, words, { ...path, ...env })
    },
    watch: (words, { to = url, token: of } = {}) => host(['watch', ...words, '--to', to], of),
    bestmarkLocal: (words, on = local) => {
      const own = { DATABASE_URL: on.databaseUrl, BESTMARK_HOME: join(home, 'local') }
      return start(process.execPath, [MAIN, ...words], { ...others, ...own, INIT_CWD: home })
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill('SIGKILL')
      await server.stop()
      await db[Symbol.asyncDispose]()
      await local[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

/** The exit code of a process and all that it printed. */
export async function ended(child: ChildProcess) {
  const code = child.exitCode ?? child.signalCode ?? once(child, 'exit').then(([code]) => code)
  const out = Promise.all([child.stdout, child.stderr].map(async (of) => (of ? text(of) : '')))
  return { code: (await code) as unknown, out: (await out).join('') }
}

/** Waits until something holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 50))
}

/** The id of the job in a folder's journal. */
export async function jobIn(folder: string): Promise<string> {
  const [header = ''] = (await readFile(join(folder, 'journal.jsonl'), 'utf8')).split('\n')
  return (JSON.parse(header) as { job_id: string }).job_id
}
