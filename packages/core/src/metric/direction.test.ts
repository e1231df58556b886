import { expect, test } from 'vitest'
import { directionOf } from './direction.ts'

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
])('%s is minimised', (name) => expect(directionOf(name)).toBe('min'))

test.each([
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
  'win_rate',
  'r2',
  'eval_bleu',
  'val_acc',
  'eval_reward',
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
  'lossy',
])('%s must be told', (name) => expect(directionOf(name)).toBeUndefined())
