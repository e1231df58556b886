import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { Listing } from '../../files/listing.ts'
import { tomlValues } from '../../files/toml.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { commandLineOptions, redactedCommand } from '../config/commandLine.ts'
import { python, real, why } from '../programsTesting.ts'
import { findConfigFiles, readOptionsFile } from './configFiles.ts'
import { readSetup, readSetupSignature } from './setup.ts'

/** The options that a real Trainer and a real SummaryWriter wrote to files. */
const WRITES = `
import sys
import torch
from torch.utils.tensorboard import SummaryWriter
from transformers import TrainingArguments
root = sys.argv[1]
arguments = TrainingArguments(output_dir=root, learning_rate=3e-4, eval_strategy="steps",
                              metric_for_best_model="f1", hub_token="hidden", report_to=[])
torch.save(arguments, root + "/training_args.bin")
with SummaryWriter(root) as writer:
    writer.add_scalar("loss", 1, 1)
    writer.add_hparams({"width": 64, "name": "a"}, {"hparam/loss": 1})
`

real(
  `the arguments of a real Trainer and the hyperparameters of a real SummaryWriter are read${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const root = folder.path
    const program = join(root, 'writes.py')
    await writeFile(program, WRITES)
    await promisify(execFile)(python ?? '', [program, root])
    const { resolved } = await findConfigFiles(new Listing(root))
    const read = await Promise.all(resolved.map((file) => readOptionsFile(root, file)))
    expect(read[0]).toMatchObject({
      output_dir: root,
      learning_rate: 3e-4,
      eval_strategy: 'steps',
      metric_for_best_model: 'f1',
      greater_is_better: true,
      save_steps: 500,
      report_to: [],
    })
    expect(read[0]).not.toHaveProperty(['accelerator_config.name'])
    expect(read.slice(1)).toContainEqual({ width: 64, name: 'a' })
    expect(JSON.stringify(read)).not.toContain('hidden')
  },
)

test('final options have priority over files that the program may have read', async () => {
  await using folder = await temporaryFolder()
  const nested = { lr: 1, optimizer: { name: 'adam', betas: [0.9, 0.99] }, api_key: 'x' }
  await writeFiles(folder.path, {
    'hparams.yaml': 'lr: 0.5\nlayers: [1, 2]\n',
    'config.json': JSON.stringify(nested),
    'train_config.toml': 'lr = 2\n[data]\nname = "corpus" # a comment\nsizes = [1, 2]\n',
  })
  expect((await readSetup(folder.path))?.config).toEqual({
    lr: 0.5,
    layers: [1, 2],
    'optimizer.name': 'adam',
    'optimizer.betas': [0.9, 0.99],
    'data.name': 'corpus',
    'data.sizes': [1, 2],
  })
})

test('a model description and unreadable files are not configurations', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'config.json': JSON.stringify({ model_type: 'bert', hidden_size: 64 }),
    'args.json': '{"lr": ',
    'hparams.yaml': 'lr: [',
    'training_args.bin': 'no archive',
  })
  expect(await readSetup(folder.path)).toBeUndefined()
})

test('plain TOML values are read, and others are skipped', () => {
  const text = `
name = 'a#b' # c
"quoted key" = "tab\\t"
big = 1_000
rate = 1e-3
flag = false
when = 1979-05-27
[[runs]]
x = 1
[model.encoder]
width = 64
texts = ["a", "b"]
broken =
`
  expect(tomlValues(text)).toEqual({
    name: 'a#b',
    'quoted key': 'tab\t',
    big: 1000,
    rate: 1e-3,
    flag: false,
    x: 1,
    'model.encoder.width': 64,
    'model.encoder.texts': ['a', 'b'],
  })
})

test('options of a command are read after its script, and secrets are not shown', () => {
  const argv = ['python', '-u', 'train.py', '--lr', '1e-4', '--batch-size=8', 'model.width=64']
  const all = [...argv, '--fp16', '--shift', '-1', '--api-key', 'secret', 'hub_token=secret']
  expect(commandLineOptions(all)).toEqual({
    lr: 1e-4,
    batch_size: 8,
    'model.width': 64,
    fp16: true,
    shift: -1,
  })
  expect(redactedCommand(all)).toBe(`${argv.join(' ')} --fp16 --shift -1 --api-key … hub_token=…`)
})

test('a growing event file is not read again for hyperparameters', async () => {
  await using folder = await temporaryFolder()
  const events = 'events.out.tfevents.1.host'
  const signed = async (files: Record<string, string | Uint8Array>): Promise<string> => {
    await writeFiles(folder.path, files)
    return readSetupSignature(folder.path)
  }
  const begun = await signed({ [events]: new Uint8Array(1_000) })
  const long = await signed({ [events]: new Uint8Array(1 << 20) })
  expect(long).not.toBe(begun)
  expect(await signed({ [events]: new Uint8Array(2 << 20) })).toBe(long)
  expect(await signed({ 'hparams.yaml': 'lr: 1\n' })).not.toBe(long)
})
