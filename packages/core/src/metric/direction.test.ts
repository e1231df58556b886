import { expect, test } from 'vitest'
import { directionOf, isLoss, withoutSplit } from './direction.ts'

test.each([
  'eval_loss',
  'val/loss',
  'eval_wikitext_perplexity',
  'eval_wer',
  'eval_cer',
  'eval_per',
  'mape',
  'smape',
  'val_rmse',
  'bpb',
  'test_error',
  'kl',
  'valid_nll',
  'eval_loss_gap',
  'val_bpb',
  'Valid MSE',
  'metrics/eval/CrossEntropy',
  'val_MeanSquaredError',
  "valid_0's l1",
  "training's l2",
  'valid_s l2',
])('%s is minimised', (name) => expect(directionOf(name)).toBe('min'))

test.each([
  'metrics/eval/MulticlassAccuracy',
  'eval_accuracy',
  'eval_f1',
  'f1_macro',
  'eval_macro_f1',
  'map50-95',
  'map50',
  'eval_map',
  'rouge1',
  'eval_rougeL',
  'eval_rougeLsum',
  'exact_match',
  'pass@1',
  'pass@k',
  'pass@100',
  'rouge',
  'rouge10',
  'eval_rewards/accuracies',
  'hit@10',
  'win_rate',
  'evaluation/env_runners/episode_return_mean',
  'charts/episodic_return',
  'r2',
  'eval_bleu',
  'val_acc',
  'eval_reward',
  'eval_ndcg@10',
  'mrr@10',
  'accuracy@1',
  'eval_top1',
  'test_acc1',
  'mIoU',
  'bbox/AP',
  'coco/bbox_mAP',
  'Pseudo dice',
  'metrics/mAP50-95(B)',
  'val-core/openai/gsm8k/reward/mean@1',
  'cats_score',
])('%s is maximised', (name) => expect(directionOf(name)).toBe('max'))

test.each([
  'eval_samples_per_second',
  'neg_mse',
  'neg_log_likelihood',
  'eval_sklearn_neg_mse',
  'accuracy_loss',
  'eval_zorp',
  'eval_match',
  'rewards/chosen',
  'maple',
  "valid_0's l12",
  "valid_0's l0",
  'rewards/accuracies_of',
  'lossy',
])('the direction of %s must be given', (name) => expect(directionOf(name)).toBeUndefined())

test('only the beginning of a name is its split', () => {
  expect(withoutSplit('Valid_loss')).toBe('loss')
  expect(withoutSplit('my_val_loss')).toBe('my_val_loss')
})

test('a log loss is a loss, and other names that end in loss are not', () => {
  const found = ['val_logloss', 'valid/mlogloss', 'eval_a_loss', 'lossy', 'gloss'].filter(isLoss)
  expect(found).toEqual(['val_logloss', 'valid/mlogloss', 'eval_a_loss'])
})
