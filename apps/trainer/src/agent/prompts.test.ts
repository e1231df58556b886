import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHAR_LM } from '@bestmark/char-lm'
import {
  createDeployment,
  jobStatus,
  listDeployments,
  listTargets,
  modelNamed,
  orderPrompt,
} from '@bestmark/db'
import { expect, test } from 'vitest'
import { openBoard } from '../board/board.ts'
import { agentOf, newBoardEnv } from '../board/testing.ts'
import { TARGETS_FILE } from '../targets/configuration.ts'
import { eventually, temporaryFolder } from '../testing.ts'
import { AGENT_OPTIONS } from './options.ts'
import { startRun } from './startRun.ts'

test('a prompt for a model in a playground wakes the agent, which answers it', async () => {
  await using home = await temporaryFolder()
  await using database = await newBoardEnv(home.path)
  await using board = await openBoard(database.env)
  const file = join(board.home, TARGETS_FILE)
  await writeFile(file, '{"targets": {"talk": {"kind": "playground"}}}')
  await using here = agentOf(board, AGENT_OPTIONS)
  const job_id = randomUUID()
  here.agent.reserve(job_id)
  const named = { recipe: CHAR_LM, preset: 'quick', name: 'talks', project: 'tests', job_id }
  await here.agent.adopt(await startRun(board.db, board, named))
  await eventually(async () => (await listTargets(board.db)).find(({ name }) => name === 'talk'))
  const checkpoint_id = (await jobStatus(board.db, job_id))?.best_checkpoint_id ?? ''
  const order = { job_id, checkpoint_id, target: 'talk', model_name: 'talks' }
  const { deployment_id } = await createDeployment(board.db, order)
  await eventually(async () => {
    const [deployment] = await listDeployments(board.db, { job_id })
    return deployment?.status === 'done' || undefined
  })
  await orderPrompt(board.db, { job_id, deployment_id, prompt: 'the ' })
  const asked = await eventually(async () => {
    const found = (await modelNamed(board.db, 'talks'))?.live[0]?.playground?.prompt
    return found?.state === 'queued' ? undefined : found
  })
  expect(asked).toMatchObject({ state: 'answered', error: null })
  expect(asked?.shipped).toHaveLength(240)
})
