import { weightsOf } from '../testing.ts'
import { eventRecord, record } from './tensorboard/tfeventsTesting.ts'

/** A run with invalid records, and the expected result. */
export interface HostileRun {
  files: Record<string, string | Uint8Array>
  /** The step of the best checkpoint, by the valid records. */
  best: number
  /** The expected warnings, once each. */
  warnings: RegExp[]
}

const saved = (...paths: string[]): HostileRun['files'] =>
  Object.fromEntries(paths.map((path) => [path, weightsOf(path.length)]))

const EVENTS = 'events.out.tfevents.1700000000.vm.1.0'

/** Evaluations at steps 20 and 40, with other records between them. */
function tensorboard(...between: Buffer[]): HostileRun['files'] {
  const at = (step: number, value: number): Buffer =>
    eventRecord(step, [{ tag: 'eval/loss', value }], 1.7e9 + step)
  const events = Buffer.concat([at(20, 0.5), ...between, at(40, 0.75)])
  return { [EVENTS]: events, ...saved('checkpoint-20.safetensors', 'checkpoint-40.safetensors') }
}

const lowest = (step: number | bigint, wall_time = 1.7e9): Buffer =>
  eventRecord(step, [{ tag: 'eval/loss', value: 0.125 }], wall_time)

const header = JSON.stringify({
  ...{ journal: 1, job_id: '5d1f1d6e-7a1b-4c33-9a2f-3c6f8f3b0c55' },
  ...{ name: 'hostile-journal', project: 'p' },
})

const journal = (...lines: object[]): string =>
  [header, ...lines.map((line) => JSON.stringify(line))].map((line) => `${line}\n`).join('')

const measured = (step: number, eval_loss: number, rest: object = {}) => {
  return { type: 'evaluation', attempt: 0, step, values: { eval_loss }, ...rest }
}

const save = (step: number) => {
  const path = `checkpoint-${step}/model.safetensors`
  return { type: 'checkpoint', attempt: 0, step, path, files_state: 'complete' }
}

const LIGHTNING = ['epoch,step,train_loss,val_loss', '0,9,1.0,1.1', '1,19,0.9,0.5']

const lightning = (...rows: string[]): HostileRun['files'] => ({
  'metrics.csv': [...LIGHTNING, ...rows, '3,29,0.8,0.75', ''].join('\n'),
  ...saved('checkpoints/epoch=1-step=20.ckpt'),
})

/** One run for each kind of invalid input. */
export const HOSTILE: Record<string, HostileRun> = {
  'tensorboard-step-minus-1': {
    files: tensorboard(lowest(-1)),
    best: 20,
    warnings: [/^Skipped the record at byte \d+ of events\.out.*: its step is -1\.$/],
  },
  'tensorboard-step-beyond-2-53': {
    files: tensorboard(lowest(2n ** 53n + 2n), lowest(2n ** 63n - 1n), lowest(2n ** 53n)),
    best: 20,
    warnings: [/^Skipped the record at byte \d+ of .* and 2 more: its step is 9007199254740994/],
  },
  'tensorboard-time-1e300': {
    files: tensorboard(lowest(30, 1e300)),
    best: 20,
    warnings: [/^Ignored a field of the record at byte \d+ of .*: at must be a time .*got 1e\+303/],
  },
  'tensorboard-time-nan': {
    files: tensorboard(lowest(30, NaN)),
    best: 20,
    warnings: [/^Ignored a field of the record at byte \d+ of .*: at must be a time .*got NaN/],
  },
  'tensorboard-cut-double': {
    files: tensorboard(record(Buffer.from([0x09, 1, 2]))),
    best: 20,
    warnings: [/^Skipped the record at byte \d+ of .*: it is not an event\.$/],
  },
  'lightning-steps': {
    files: lightning('2,-5,0.5,0.2', ...Array.from({ length: 999 }, () => '2,1e300,0.5,0.2')),
    best: 20,
    warnings: [/^Skipped line 4 of metrics\.csv and 999 more: it has no step\.$/],
  },
  'dvclive-step-beyond-2-53': {
    files: {
      'dvclive/plots/metrics/eval/loss.tsv':
        'step\teval/loss\n1\t0.5\n9007199254740993\t0.1\n2\t1\n',
      ...saved('checkpoint-1.safetensors', 'checkpoint-2.safetensors'),
    },
    best: 1,
    warnings: [/^Skipped line 3 of dvclive\/plots\/metrics\/eval\/loss\.tsv: it has no step\.$/],
  },
  'log-of-a-huge-step': {
    files: {
      'train.log': [
        ...['step 100: train loss 3.0, val loss 2.5', 'iter 99999999999999999999: loss 1.0'],
        ...['step 99999999999999999999: train loss 1.0, val loss 0.9', 'iter 100: loss 2.0'],
        ...['step 200: train loss 2.0, val loss 2.6', ''],
      ].join('\n'),
      ...saved('step_100.safetensors', 'step_200.safetensors'),
    },
    best: 100,
    warnings: [/^Skipped line 2 of train\.log and 2 more: step must be a whole number/],
  },
  'output-of-huge-totals': {
    files: {
      'bestmark-output.log': [
        'bestmark run: 2026-11-24T10:00:00.000Z started: x',
        '  1%|#| 99999999999999999999/99999999999999999999999 [00:01<00:09]',
        '{"step": 5, "total_steps": 1e300, "eval_loss": 0.5}',
        '',
      ].join('\n'),
      ...saved('checkpoint-5.safetensors'),
    },
    best: 5,
    warnings: [
      /^Skipped line 2 of bestmark-output\.log: its total number of steps is not a whole number\.$/,
    ],
  },
  'yolo-of-1e300-epochs': {
    files: {
      'args.yaml': 'epochs: 1e300\n',
      'results.csv': [
        'epoch,time,train/box_loss,metrics/mAP50(B),metrics/mAP50-95(B)',
        ...['1,2.5,1.9,0.5,0.25', '2,5.0,1.8,0.75,0.5', '3,7.5,1.7,0.5,0.125', ''],
      ].join('\n'),
      ...saved('weights/epoch1.pt', 'weights/epoch2.pt'),
    },
    best: 2,
    warnings: [
      /^Ignored a field of the configuration: total_steps must be a whole number .*got 1e\+300/,
    ],
  },
  'journal-out-of-range': {
    files: {
      'journal.jsonl': journal(
        { type: 'started', attempt: 0, at: 1.7e12, total_steps: 1e20 },
        ...[measured(10, 0.5), save(10), measured(20, 0.75), save(20)],
        measured(30, 0.1, { attempt: 2 ** 31 }),
        ...[measured(2 ** 53, 0.1), measured(-1, 0.1), measured(1.5, 0.1), save(2 ** 53)],
        { type: 'log', attempt: 0, at: 1e300, level: 'info', text: 'late' },
      ),
      ...saved('checkpoint-10/model.safetensors', 'checkpoint-20/model.safetensors'),
    },
    best: 10,
    warnings: [
      /^Ignored a field of line 2 of journal\.jsonl: total_steps must be .*got 100000000000000000000/,
      /^Skipped line 7 of journal\.jsonl: attempt must be a whole number from 0 to 2147483647/,
      /^Skipped line 8 of journal\.jsonl and 3 more: step must be/,
      /^Ignored a field of line 12 of journal\.jsonl: at must be a time .*got 1e\+300/,
    ],
  },
  'scores-out-of-range': {
    files: {
      'journal.jsonl': journal(measured(10, 0.5), save(10), measured(20, 0.75), save(20)),
      'bestmark-scores.jsonl': [
        '{"score":1,"at":1e300,"path":"x","attempt":0,"step":10,"values":{"eval_loss":0.1},"by":"a"}',
        '{"score":1,"at":1,"path":"x","attempt":2147483648,"step":20,"values":{"eval_loss":0},"by":"a"}',
        '',
      ].join('\n'),
      ...saved('checkpoint-10/model.safetensors', 'checkpoint-20/model.safetensors'),
    },
    best: 10,
    warnings: [/^Skipped line 1 of bestmark-scores\.jsonl and 1 more: it is not a score\.$/],
  },
}

/** JSON with nested lists. */
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

const state = (extra: string): string =>
  `{"global_step": 20, "max_steps": 20, "log_history": [
    {"step": 10, "eval_loss": 0.5}, {"step": 20, "eval_loss": 0.75}], "x": ${extra}, "nan": NaN}`

const stated = (extra: string): HostileRun['files'] => ({
  'trainer_state.json': state(extra),
  'checkpoint-10/trainer_state.json':
    '{"global_step": 10, "log_history": [{"step": 10, "eval_loss": 0.5}]}',
  ...saved('checkpoint-10/model.safetensors', 'checkpoint-20/model.safetensors'),
})

HOSTILE['state-nested-deeply'] = { files: stated(nested(100_000)), best: 10, warnings: [] }

HOSTILE['journal-of-odd-paths'] = {
  files: {
    'journal.jsonl': journal(
      ...[measured(10, 0.5), save(10), measured(20, 0.25), { ...save(20), path: 'a\0b' }],
      ...[measured(30, 0.125), { ...save(30), path: 'x'.repeat(5000) }],
      ...[measured(40, 0.1), { ...save(40), path: 'a/'.repeat(2500) }],
    ),
    ...saved('checkpoint-10/model.safetensors'),
  },
  best: 10,
  warnings: [
    /^Skipped line 5 of journal\.jsonl and 2 more: its path is too long, or has a NUL character\.$/,
  ],
}

HOSTILE['yaml-nested-deeply'] = {
  files: { ...stated('1'), 'training_args.yaml': `monitor: ${nested(100_000)}\n` },
  best: 10,
  warnings: [
    /^Ignored training_args\.yaml: it is not valid YAML \(line 1: it is nested too deeply\)/,
  ],
}
