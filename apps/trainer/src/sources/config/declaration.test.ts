import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventOf } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from '../../commands/testing.ts'
import { temporaryFolder, writeFiles, writeOutput } from '../../testing.ts'
import { readRun } from '../readRun.ts'

const log = [
  { step: 100, eval_loss: 1, eval_f1: 0.5 },
  { step: 200, eval_loss: 2, eval_f1: 0.9 },
]

/** Writes a run into `work/out/run` with files beside it, and reads it. */
async function declaredBy(files: Record<string, string>) {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'work/out/run')
  await writeOutput(root, { saves: [100, 200], log })
  await writeFiles(root, files)
  const { events } = await readRun(root)
  const started = events.find((event): event is EventOf<'started'> => event.type === 'started')
  const warnings = events.flatMap((event) => (event.type === 'log' ? [event.text] : []))
  const { metric_for_best, direction, declared_by, config } = started!
  return { metric_for_best, direction, declared_by, config, warnings }
}

test('a configuration in the root declares the metric, with its file and line', async () => {
  const text = 'base_model: some/model\nmetric_for_best_model: eval_f1\ngreater_is_better: true\n'
  expect(await declaredBy({ 'config.yaml': text })).toEqual({
    metric_for_best: 'eval_f1',
    direction: 'max',
    declared_by: 'metric_for_best_model in config.yaml:2',
    config: { base_model: 'some/model', metric_for_best_model: 'eval_f1', greater_is_better: true },
    warnings: [],
  })
})

test('only a written direction is declared', async () => {
  const text = 'metric_for_best_model: eval_perplexity\ngreater_is_better: null\n'
  const found = await declaredBy({ 'training_args.yaml': text })
  expect(found).toMatchObject({ metric_for_best: 'eval_perplexity', direction: null })
  expect(found.config).toEqual({ metric_for_best_model: 'eval_perplexity' })
})

test('load_best_model_at_end without a metric declares the loss', async () => {
  const loads = await declaredBy({ 'config.yml': 'load_best_model_at_end: true\n' })
  expect(loads).toMatchObject({ metric_for_best: 'loss', direction: null })
  expect(loads.declared_by).toBe(
    'load_best_model_at_end in config.yml:1 (its default metric is the loss)',
  )
  const stops = await declaredBy({ 'config.yml': '# axolotl\nearly_stopping_patience: 3\n' })
  expect(stops.metric_for_best).toBe('loss')
  expect(stops.declared_by).toContain('early_stopping_patience in config.yml:2')
  const neither = await declaredBy({ 'config.yml': 'load_best_model_at_end: no\nsave_steps: 7\n' })
  expect(neither).toMatchObject({ metric_for_best: null, declared_by: null })
})

test('a configuration above the root is used if its output_dir names the run', async () => {
  const metric = 'metric_for_best_model: eval_f1\n'
  const vectors: [file: string, output_dir: string, counts: boolean][] = [
    ['../train.yaml', './run', true],
    ['../train.yaml', '/elsewhere/out/run/', true],
    ['../train.yaml', 'C:\\work\\run', true],
    ['../../train.yaml', './out/run', true],
    ['../../train.yaml', './out/other', false],
    ['../train.yaml', './other', false],
    ['../../train.yaml', '/elsewhere/run', false],
  ]
  for (const [file, output_dir, counts] of vectors) {
    const found = await declaredBy({ [file]: `output_dir: ${output_dir}\n${metric}` })
    const declared_by = counts ? `metric_for_best_model in ${file}:2` : null
    expect([file, output_dir, found.declared_by]).toEqual([file, output_dir, declared_by])
  }
})

test('if configurations differ, the one in the root is used and a warning names both', async () => {
  const found = await declaredBy({
    '../train.yaml': 'output_dir: run\nmetric_for_best_model: eval_loss\n',
    'config.yaml': 'metric_for_best_model: eval_f1\n',
  })
  expect(found.metric_for_best).toBe('eval_f1')
  expect(found.warnings).toEqual([
    'metric_for_best_model is eval_f1 in config.yaml:1, but eval_loss in ../train.yaml:2. The first one is used',
  ])
})

test("LLaMA-Factory's arguments have priority over the inputs of its web page", async () => {
  const found = await declaredBy({
    'llamaboard_config.yaml': 'train.save_steps: 100\ntrain.metric_for_best_model: eval_loss\n',
    'training_args.yaml': 'metric_for_best_model: eval_f1\n',
  })
  expect(found.declared_by).toBe('metric_for_best_model in training_args.yaml:1')
  expect(found.config).toEqual({ save_steps: 100, metric_for_best_model: 'eval_f1' })
})

test("the configuration in Axolotl's model card is declared with its line there", async () => {
  const card = [
    '# Model',
    '<details><summary>See axolotl config</summary>',
    '',
    '```yaml',
    'base_model: some/model',
    'metric_for_best_model: eval_f1',
    '```',
    '</details>',
  ]
  const { declared_by } = await declaredBy({ 'README.md': card.join('\n') })
  const line = card.indexOf('metric_for_best_model: eval_f1') + 1
  expect(declared_by).toBe(`metric_for_best_model in README.md:${line}`)
})

test("Lightning's monitor is declared with its mode, that of the saving callback first", async () => {
  const flat = await declaredBy({ 'hparams.yaml': 'lr: 0.1\nmonitor: val_acc\nmode: max\n' })
  expect(flat).toMatchObject({ metric_for_best: 'val_acc', direction: 'max' })
  expect(flat.declared_by).toBe('monitor in hparams.yaml:2')
  const text = [
    'trainer:',
    '  callbacks:',
    '    - class_path: lightning.pytorch.callbacks.EarlyStopping',
    '      init_args: {monitor: val_loss, mode: min}',
    '    - class_path: lightning.pytorch.callbacks.ModelCheckpoint',
    '      init_args:',
    '        monitor: val_f1',
    '        mode: max',
  ]
  const found = await declaredBy({ 'config.yaml': text.join('\n') })
  expect(found).toMatchObject({ metric_for_best: 'val_f1', direction: 'max', config: {} })
  expect(found.declared_by).toBe('monitor in config.yaml:7')
})

test('invalid YAML gives a warning, and secrets are never stored', async () => {
  const broken = await declaredBy({ 'config.yaml': 'save_steps: [1,\nx: }\n' })
  expect(broken.metric_for_best).toBe(null)
  expect(broken.warnings).toEqual([
    expect.stringMatching(/^Ignored config\.yaml: it is not valid YAML \(line 2/),
  ])
  const text =
    'save_steps: 5\nhub_token: hf_x\nwandb: {api_key: x}\nspecial_tokens: {pad_token: p}\n'
  const { config } = await declaredBy({ 'config.yaml': text })
  expect(config).toEqual({ save_steps: 5, 'special_tokens.pad_token': 'p' })
})

test('values of YAML merge keys are read like other values', async () => {
  const { config } = await declaredBy({ 'config.yaml': 'save_steps: 5\n<<: {eval_steps: 7}\n' })
  expect(config).toEqual({ save_steps: 5, eval_steps: 7 })
})

test('what a configuration declares decides a pick', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [100, 200], log })
  const picked = async () => {
    const { stdout } = await command(['pick', '--json', folder.path])
    const { best_step, best_metric_name, declared_by } = JSON.parse(stdout)
    return { best_step, best_metric_name, declared_by }
  }
  expect(await picked()).toMatchObject({ best_step: 100, best_metric_name: 'eval_loss' })
  await writeFile(join(folder.path, 'config.yaml'), 'metric_for_best_model: f1\n')
  expect(await picked()).toEqual({
    best_step: 200,
    best_metric_name: 'eval_f1',
    declared_by: 'metric_for_best_model in config.yaml:1',
  })
})

test.each([
  ['{"trainer": {"validation_metric": "+f1"}}', 'f1', 'max', 'validation_metric in config.json:1'],
  [
    '{"trainer": {"validation_metric": "-loss"}}',
    'loss',
    'min',
    'validation_metric in config.json:1',
  ],
  ['{"trainer": {"monitor": "min val_loss"}}', 'val_loss', 'min', 'monitor in config.json:1'],
  ['{"trainer": {"monitor": "max val_f1"}}', 'val_f1', 'max', 'monitor in config.json:1'],
  ['{"trainer": {"monitor": "off"}}', null, null, null],
  ['{"architectures": ["Bert"], "monitor": "val_loss"}', null, null, null],
])(
  'the config.json of a training has the direction before its metric: %s',
  async (text, ...expected) => {
    const { metric_for_best, direction, declared_by } = await declaredBy({ 'config.json': text })
    expect([metric_for_best, direction, declared_by]).toEqual(expected)
  },
)

test("JoeyNMT's early_stopping_metric declares the metric", async () => {
  const text = 'training:\n  early_stopping_metric: "f1"\n'
  const { metric_for_best, declared_by } = await declaredBy({ 'config.yaml': text })
  expect([metric_for_best, declared_by]).toEqual(['f1', 'early_stopping_metric in config.yaml:2'])
})

test("Hydra's options declare the metric, in the run's folder or above, unless they name another option", async () => {
  const options = (monitor: string) =>
    `callbacks:\n  model_checkpoint:\n    monitor: ${monitor}\n    mode: max\n`
  const inside = await declaredBy({ '.hydra/config.yaml': options('eval_f1') })
  expect(inside).toMatchObject({
    metric_for_best: 'eval_f1',
    direction: 'max',
    declared_by: 'monitor in .hydra/config.yaml:3',
  })
  const above = await declaredBy({ '../../.hydra/config.yaml': options('eval_f1') })
  expect(above.declared_by).toBe('monitor in ../../.hydra/config.yaml:3')
  const other = await declaredBy({ '.hydra/config.yaml': options('${optimized_metric}') })
  expect(other).toMatchObject({ metric_for_best: null, declared_by: null })
})

test.each([
  ...['early_stopping_metric', 'best_checkpoint_metric', 'eval_metric'],
  ...['checkpoint_metric', 'save_best', 'metrics_key'],
])('%s alone declares the metric', async (option) => {
  const found = await declaredBy({ 'options.yaml': `${option}: eval_f1\n` })
  expect(found.declared_by).toBe(`${option} in options.yaml:1`)
})

test('optimized_metric declares in the file of Sockeye only, since others use it for a search', async () => {
  const declared = async (file: string, metric: string) =>
    (await declaredBy({ [file]: `optimized_metric: ${metric}\n` })).metric_for_best
  expect(await declared('args.yaml', 'bleu')).toBe('bleu-val')
  expect(await declared('hparams.yaml', 'bleu')).toBeNull()
  expect(await declared('args.yaml', 'val/acc_best')).toBeNull()
})
