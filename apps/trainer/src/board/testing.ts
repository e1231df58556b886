import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainingJobStatus } from '@bestmark/core'
import { findJobs } from '@bestmark/db'
import { type DatabaseKind, newDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect } from 'vitest'
import { Agent } from '../agent/agent.ts'
import { AGENT_OPTIONS, type AgentOptions } from '../agent/options.ts'
import { openBoard, type Board } from './board.ts'
import { temporaryFolder } from '../testing.ts'

/** The environment of commands that use the board of a test. */
export interface BoardEnv extends NodeJS.ProcessEnv {
  BESTMARK_HOME: string
  DATABASE_URL: string
  INIT_CWD: string
}

/**
 * Creates a data folder, and a database on the server that all tests share. The caller's folder is
 * empty, because `bestmark run` searches it, and this repository has many runs.
 */
export async function newBoardEnv(
  folder: string,
  name = 'board',
  kind?: DatabaseKind,
): Promise<{ env: BoardEnv } & AsyncDisposable> {
  const { databaseUrl, drop } = await newDatabase(kind)
  const env = {
    BESTMARK_HOME: join(folder, name),
    DATABASE_URL: databaseUrl,
    INIT_CWD: join(folder, 'caller'),
  }
  await mkdir(env.INIT_CWD, { recursive: true })
  return { env, [Symbol.asyncDispose]: drop }
}

/** The board of a test file, with a folder for runs. It is open while the tests run. */
export interface TestBoard {
  board: Board
  /** The folder for runs. The data folder in it is called `board`. */
  path: string
  /** The environment of commands that use the board and are called in an empty folder. */
  env: BoardEnv
  jobNamed: (name: string) => Promise<TrainingJobStatus | undefined>
}

/** Opens a board before the tests of a file and closes it after them. Use it only in tests. */
export function testBoard(): TestBoard {
  const opened: Partial<TestBoard> = {}
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let database: Awaited<ReturnType<typeof newBoardEnv>>
  beforeAll(async () => {
    folder = await temporaryFolder()
    const { path } = folder
    database = await newBoardEnv(path)
    const { env } = database
    const board = await openBoard(env)
    const jobNamed = async (name: string) => (await findJobs(board.db, name))[0]
    Object.assign(opened, { board, path, env, jobNamed })
  })
  afterAll(async () => {
    await opened.board?.[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })
  // `beforeAll` sets its fields.
  return opened as TestBoard
}

/** An agent in this process, stopped when the test ends, which must report no error. */
export function agentOf(
  board: Board,
  options: AgentOptions = AGENT_OPTIONS,
): { agent: Agent } & AsyncDisposable {
  const errors: unknown[] = []
  const listener = {
    report: (error: unknown) => errors.push(error),
    databaseAnswered: () => undefined,
  }
  const agent = new Agent(board.db, board, listener, options)
  const working = agent.work()
  const dispose = async (): Promise<void> => {
    agent.stop()
    await working
    expect(errors).toEqual([])
  }
  return { agent, [Symbol.asyncDispose]: dispose }
}
