import { expect, test } from 'vitest'
import { bestmark, temporaryFolder, writeOutput } from '../testing.ts'

/** What `pick` tells of a run that saved at steps 100 and 200 and logged these rows. */
async function picked(log: Record<string, number>[]) {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [100, 200], log })
  const { stdout, code } = await bestmark(['pick', '--json', '.'], { cwd: folder.path })
  const { best_step, best_metric_name } = JSON.parse(stdout)
  return { code, best_step, best_metric_name }
}

test('how often the chosen answer wins decides for a run of DPO, though its loss is lower elsewhere', async () => {
  const dpo = (step: number, eval_loss: number, accuracy: number, chosen: number) => ({
    ...{ step, eval_loss, 'eval_rewards/accuracies': accuracy, 'eval_rewards/chosen': chosen },
    ...{ 'eval_rewards/margins': 1 - chosen, 'eval_logps/chosen': -80 + chosen },
  })
  expect(await picked([dpo(100, 0.61, 0.64, -0.1), dpo(200, 0.66, 0.71, -0.4)])).toEqual({
    code: 0,
    best_step: 200,
    best_metric_name: 'eval_rewards/accuracies',
  })
})

test('the reward decides for a run of GRPO, whose loss begins near zero and rises', async () => {
  const grpo = (step: number, eval_loss: number, eval_reward: number) => ({
    ...{ step, eval_loss, eval_reward, eval_reward_std: 0.2, eval_kl: eval_loss * 25 },
    'eval_completions/mean_length': 120,
  })
  expect(await picked([grpo(100, 0.0004, 0.31), grpo(200, 0.0031, 0.58)])).toEqual({
    code: 0,
    best_step: 200,
    best_metric_name: 'eval_reward',
  })
})

test('a run of preference training that logged no sign of progress is not decided by its loss', async () => {
  const rows = [100, 200].map((step) => ({ step, eval_loss: step, 'eval_rewards/chosen': -1 }))
  expect(await picked(rows)).toMatchObject({ code: 1, best_step: null })
})
