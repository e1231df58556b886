import { basename } from 'node:path'
import { type Direction, directionOf, grouped } from '@bestmark/core'
import { findBestRow } from './bestRow.ts'
import { inferBoosterMetric } from './boosterMetric.ts'
import type { Candidate } from './candidate.ts'
import type { InferredMetric } from './inferred.ts'
import type { LogHistory } from './logHistory.ts'
import { directionAt } from './recordedBest.ts'
import type { SavedFile } from '../events/savedFiles.ts'

/** Metrics that programs decide by without an option, the most specific first. */
const CUSTOMS: readonly [name: RegExp, who: string][] = [
  [/^val_ema_pseudo_dice$/, "nnU-Net's own rule (the EMA of the pseudo Dice)"],
  [/^(bbox|segm|keypoints)\/AP$/, "detectron2's measure of detection"],
  [/^coco\/AP$/, "COCO's main measure of detection (AP)"],
  [/^(coco\/)?(bbox|segm)_mAP$/, "mmengine's measure of detection"],
  [/^(sem_seg\/|(eval|validation) )?mIoU$/, 'the usual measure of segmentation (mIoU)'],
  [/^panoptic_seg\/PQ$/, "detectron2's measure of panoptic segmentation"],
  [/^val_acc1$/, "torchvision's measure of classification (Acc@1)"],
  [/^imagenet-zeroshot-val-top1$/, "open_clip's measure (zero-shot top1)"],
  [/^accuracy\/top1$/, "mmengine's measure of classification"],
  [/^val-core\/.*\/mean@\d+$/, "verl's core measure of its validation"],
  [/^eval_mean_reward$/, "the rule of Stable-Baselines3's EvalCallback (the mean reward)"],
  [/^rollout\/ep_rew_mean$/, "Stable-Baselines3's measure of training (the mean reward)"],
  [/^Train\/mean_reward$/, "RSL-RL's measure of training (the mean reward)"],
  [
    /^(env_runners\/)?episode_(reward|return)_mean$/,
    "RLlib's measure of training (the mean reward)",
  ],
  [/coco_eval_bbox\/AP$/, "DETR's measure of detection"],
  [/^fitness$/, "YOLO's own fitness (0.1 mAP50 + 0.9 mAP50-95)"],
  [/^DEV_F1$/, "flair's main score (the F1 on DEV)"],
  [/^eval_psnr$/, 'the usual measure of image restoration (PSNR)'],
]
/** Metrics of a log whose only held-out data is the test set. */
const TESTS = [
  ...['test_acc1', 'test_acc', 'test_accuracy', 'test_top1', 'test_psnr'],
  ...['test_loss', 'test_avg loss'],
]
/** Parts of the name of the best weights that name no metric. */
const NOT_A_METRIC =
  /(^|[-_.])(best|model|checkpoint|ckpt|weights)(?=[-_.]|$)|[-_](epoch|iter|step)s?[-_=]?\d+/gi
/** The value of a metric in a name. */
const VALUE = /[-_=]-?\d+\.\d+/g
/** With fewer rows, metrics may agree by chance. */
const FEWEST = 3

/**
 * Infers the deciding metric of a run that declares none, from its program or its files. Undefined if
 * there is no evidence, or if it is the loss, which is the default.
 */
export function inferMetric(
  history: LogHistory,
  saved: readonly SavedFile[],
  candidates: readonly Candidate[],
): InferredMetric | undefined {
  const names = [...new Set(history.rows.flatMap(({ values }) => Object.keys(values)))]
  return (
    byRecord(names, history) ??
    byBestStep(names, history) ??
    byBestName(names, saved) ??
    byCustomOrFile(names, history, { saved, candidates }) ??
    byEntropy(names) ??
    byBestFile(names, history, { saved, candidates }) ??
    inferBoosterMetric(candidates, history) ??
    byTests(names)
  )
}

interface Weights {
  saved: readonly SavedFile[]
  candidates: readonly Candidate[]
}

/** A log that records the best value of one metric (`best_bleu`) decides by it. */
function byRecord(names: readonly string[], { best_of }: LogHistory): InferredMetric | undefined {
  const recorded = best_of ?? undefined
  const metric = names.find((name) => name === recorded || endsIn(name, recorded))
  if (metric === undefined || metric === 'eval_loss') return undefined
  const declared_by = `the log, which records best_${recorded}`
  return { metric_for_best: metric, direction: directionFor(metric), declared_by }
}

/** The metric that is best where the log says that the best step is. */
function byBestStep(names: readonly string[], history: LogHistory): InferredMetric | undefined {
  const { best_step, rows } = history
  const row = rows.findLast(({ step }) => step === best_step)
  if (best_step == null || !row) return undefined
  for (const metric of names) {
    const direction = directionAt(rows, row, metric)
    const isFirst =
      directionOf(metric) === undefined || findBestRow(history, metric)?.step === best_step
    const declared_by = `the log, whose best iteration is ${best_step}`
    if (direction && isFirst) return { metric_for_best: metric, direction, declared_by }
  }
  return undefined
}

/** Whether a name is a split followed by this metric. */
function endsIn(name: string, measure: string | undefined): boolean {
  const bare = name.replace(/^(?:valid|validation|val|eval|dev|test)[ _/]/i, '')
  return measure !== undefined && bare.toLowerCase() === measure.toLowerCase()
}

/** The metric in the name of the best weights, such as `best_coco_bbox_mAP_epoch_8.pth`. */
function byBestName(
  names: readonly string[],
  saved: readonly SavedFile[],
): InferredMetric | undefined {
  const found = saved.flatMap(({ path, role }) => {
    const metric = role === 'best' ? metricInName(path, names) : undefined
    return metric === undefined ? [] : [{ path, metric }]
  })
  const [first] = found
  if (!first || new Set(found.map(({ metric }) => metric)).size > 1) return undefined
  if (first.metric === 'eval_loss') return undefined
  const declared_by = `the name of ${first.path}`
  return { metric_for_best: first.metric, direction: directionFor(first.metric), declared_by }
}

/** The one logged metric that the name of the best weights names: `best_val_f1.pt`. */
export function metricInName(path: string, names: readonly string[]): string | undefined {
  const stem = basename(path).replace(/(\.[a-z]\w*)+$/i, '')
  const metric = bareName(stem.replace(VALUE, '').replace(NOT_A_METRIC, '_'))
  const same = names.filter((name) => bareName(name) === metric)
  return same.length === 1 && metric !== '' ? same[0] : undefined
}

/** A name without its split, signs and letter case. */
function bareName(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z\d]+/g, ' ')
    .trim()
  return words.replace(/^(valid|validation|val|eval|dev|test) /, '').replaceAll(' ', '')
}

/** The metric that the program of a log decides by without an option; null if it is unknown. */
export function customMetric({ rows }: LogHistory): string | null {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))]
  return byCustom(names)?.metric_for_best ?? null
}

function byCustom(names: readonly string[]): InferredMetric | undefined {
  for (const [pattern, declared_by] of CUSTOMS) {
    const metric = names.find((name) => pattern.test(name))
    if (metric !== undefined) return { metric_for_best: metric, direction: 'max', declared_by }
  }
  return undefined
}

/** The usual metric of a program, unless its file of the best weights shows that another one decides. */
function byCustomOrFile(
  names: readonly string[],
  history: LogHistory,
  weights: Weights,
): InferredMetric | undefined {
  const custom = byCustom(names)
  const ofFile = custom && byBestFile(names, history, weights)
  if (!custom || !ofFile) return custom
  const [usual, kept] = [custom, ofFile].map(
    ({ metric_for_best }) => findBestRow(history, metric_for_best)?.step,
  )
  return usual === kept ? custom : ofFile
}

/** Composer has a cross-entropy in place of a validation loss. */
function byEntropy(names: readonly string[]): InferredMetric | undefined {
  const metric = names.find((name) => /^metrics\/eval\/(.+\/)?\w*CrossEntropy$/.test(name))
  if (metric === undefined) return undefined
  const declared_by = "Composer's loss of its evaluation (the cross-entropy)"
  return { metric_for_best: metric, direction: 'min', declared_by }
}

/** If the step of the file with the best weights is known, the metric that is best there decides. */
function byBestFile(
  names: readonly string[],
  history: LogHistory,
  { saved, candidates }: Weights,
): InferredMetric | undefined {
  // The optimiser's steps in a file exclude the epochs of other metrics.
  const counted = candidates
    .filter(({ facts }) => facts.step !== null)
    .map(({ found }) => found.path)
  const best = saved.filter(({ role, step, step_note, path }) => {
    return role === 'best' && step !== null && (!step_note || counted.includes(path))
  })
  const [first, ...others] = new Set(best.map(({ step }) => step))
  if (first === undefined || others.length > 0 || history.rows.length < FEWEST) return undefined
  const fitting = names.filter((name) => findBestRow(history, name)?.step === first)
  const usual = fitting.find((name) => byCustom([name]))
  const metric = usual ?? fitting[0]
  if (metric === undefined || fitting.includes('eval_loss')) return undefined
  const declared_by = `${best[0]?.path}, saved at step ${grouped(first)}, where ${metric} is best`
  return { metric_for_best: metric, direction: directionFor(metric), declared_by }
}

function byTests(names: readonly string[]): InferredMetric | undefined {
  if (names.length === 0 || names.some((name) => !name.startsWith('test_'))) return undefined
  const [metric] = TESTS.flatMap((test) => names.filter((name) => name.toLowerCase() === test))
  if (metric === undefined) return undefined
  const declared_by = 'the log, whose only held-out data is the test set'
  return { metric_for_best: metric, direction: directionFor(metric), declared_by }
}

function directionFor(metric: string): Direction | null {
  return directionOf(metric) ?? null
}
