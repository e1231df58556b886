import { expect, test } from 'vitest'
import { zip } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { pick } from '../programsTesting.ts'

const EVALUATED = `rollout/ep_rew_mean,time/fps,time/iterations,time/total_timesteps,eval/mean_reward,train/loss
20,900,1,2048,,
,,,2500,35,4
30,900,2,4096,,
,,,5000,80,3
31,900,3,6144,,
,,,7500,60,2
`
const TRAINED = `rollout/ep_rew_mean,time/fps,time/iterations,time/total_timesteps
20,900,1,2048
30,900,2,4096
28,900,3,6144
`

test.each([
  ['the mean reward of evaluations', EVALUATED, 5000, 'eval_mean_reward'],
  ['without evaluations that of training', TRAINED, 4096, 'rollout/ep_rew_mean'],
])("Stable-Baselines3's progress.csv is decided by %s", async (_what, text, step, metric) => {
  await using folder = await temporaryFolder()
  const steps = text.split('\n').flatMap((line) => /(?:^|,)(\d{4})(?:,|$)/.exec(line)?.[1] ?? [])
  const policy = zip('', false, Buffer.from('weights'), 'policy.pth')
  const models = steps.map((one) => [`rl_model_${one}_steps.zip`, policy])
  await writeFiles(folder.path, { 'progress.csv': text, ...Object.fromEntries(models) })
  expect(await pick(folder.path)).toMatchObject({ best_step: step, best_metric_name: metric })
})
