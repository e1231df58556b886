import type { Direction } from '../run/event.ts'
import { withoutSplit } from './direction.ts'

const MINIMISED =
  'loss logloss mlogloss merror nloglik perplexity ppl nll bpb bpc wer cer ter per mae mse rmse rmsle ' +
  'mape smape error err brier ece eer fid kl lpips bpd xent nelbo crossentropy msle mase wape wmape ' +
  'crps silog absrel sqrel hd95 assd chamfer nme mpjpe epe mindcf mcd niqe brisque fvd regret fpr fnr'
const MAXIMISED =
  'accuracy acc f1 precision recall auc auroc auprc aucpr mcc matthews kappa bleu chrf meteor comet ' +
  'bertscore em map map50 ap ap50 ap75 ndcg mrr iou miou dice psnr ssim r2 pearson spearman reward ' +
  'acc1 acc5 top1 top5 hits score fitness pq aps apm apl map75 prec prec1 prec5 macc aacc jaccard ' +
  'sensitivity specificity tpr tnr ppv npv fscore fbeta rocauc prauc aupr cider spice bleurt pesq stoi ' +
  'estoi sdr sisdr sisnr utmos dnsmos vmaf msssim lddt hota mota idf1 pck spearmanr pearsonr srcc plcc ' +
  'nmi ari cindex sharpe rew'

const DIRECTION_OF = new Map<string, Direction>([
  ...MINIMISED.split(' ').map((token) => [token, 'min'] as const),
  ...MAXIMISED.split(' ').map((token) => [token, 'max'] as const),
])

/** Names of several tokens that have one meaning together. */
const PHRASES: readonly [RegExp, Direction][] = [
  // LightGBM's names of the mean absolute and squared errors.
  [/(^| )s l[12]$/, 'min'],
  [/(^| )cross entropy$/, 'min'],
  [/(^| )exact match( |$)/, 'max'],
  [/(^| )win rate( |$)/, 'max'],
  [/(^| )(episodes?|episodic|ep) (returns?|rewards?|rew)( |$)/, 'max'],
  [/(^| )pass@(k|\d+)( |$)/, 'max'],
  [/(^| )rouge(l|lsum|\d+)?( |$)/, 'max'],
  [/(^| )rewards accuracies$/, 'max'],
  [/(^| )(abs|sq) rel$/, 'min'],
  [/(^| )(fid|kid)\d+k( |$)/, 'min'],
  [/(^| )(mean|median) rank$/, 'min'],
  [/(^| )bleu\d$/, 'max'],
  [/(^| )(success|hit) rate( |$)/, 'max'],
  [/(^| )top [15]$/, 'max'],
  [/(^| )log likelihood$/, 'max'],
  [/(^| )si (sdr|snr)$/, 'max'],
  [/(^| )(r|ar|mar)@\d+$/, 'max'],
  // Alone these are metrics; with other words they may be names of classes or languages.
  [/^(mean |avg |average )?(der|mer|ser|ade|fde|kid)$/, 'min'],
  [/^((mean|avg|average|episode|episodic) )?(returns?|success|mos|ar)$/, 'max'],
  [/(^| )(ndcg|mrr|map|accuracy|acc|recall|precision|hits?|hr|top)@\d+( |$)/, 'max'],
]

/** Tokens that reverse a metric or change its meaning (`reward_std`, `acc_stderr`). */
const WITHOUT_DIRECTION = new Set(
  'neg negative std stderr stdev var variance count num time'.split(' '),
)

/**
 * Whether lower or higher is better, by the tokens of the name. Undefined if the name shows neither
 * or both (`accuracy_loss`, `neg_mse`); then a person must choose.
 */
export function directionOf(metric: string): Direction | undefined {
  // `MulticlassAccuracy` and `CrossEntropy` are names of torchmetrics and Composer.
  const tokens = withoutSplit(metric.replace(/([a-z])(?=[A-Z][a-z])/g, '$1 '))
    .split(/[^a-z0-9@]/)
    .filter(Boolean)
  if (tokens.some((token) => WITHOUT_DIRECTION.has(token))) return undefined
  const phrase = tokens.join(' ')
  const found = new Set<Direction>()
  tokens.forEach((token, index) => {
    const isRate = token === 'per' && index < tokens.length - 1
    const direction = DIRECTION_OF.get(token)
    if (direction && !isRate) found.add(direction)
  })
  for (const [pattern, direction] of PHRASES) if (pattern.test(phrase)) found.add(direction)
  const [only] = found
  return found.size === 1 ? only : undefined
}
