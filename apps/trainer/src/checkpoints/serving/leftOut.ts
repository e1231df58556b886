import { basename, dirname } from 'node:path'

/** What a file holds that only training needs. */
type LeftOutReason =
  | 'optimizer'
  | 'scheduler'
  | 'random_state'
  | 'gradient_scaler'
  | 'trainer_state'
  | 'event_file'
  | 'zero_pieces'
  | 'other_checkpoint'

/** A file of a checkpoint that serving does not need. */
export interface LeftOut {
  name: string
  bytes: number
  why: LeftOutReason
}

const BINARY = String.raw`\.(pt|pth|bin|pkl|ckpt|safetensors|npz|msgpack|tar|distcp)`
/** Names of files, by what HuggingFace, Accelerate, verl, torchtune and Paddle save in them. */
const NAMES: readonly (readonly [LeftOutReason, RegExp])[] = [
  ['optimizer', new RegExp(`^(optimizer|optim|opt_state)([._-].*)?${BINARY}$`)],
  ['optimizer', /[._]optim(izer)?\.(pt|pth|bin)$|\.pdopt$/],
  ['scheduler', new RegExp(`^(lr_)?scheduler([._-]\\d+)?${BINARY}$`)],
  ['random_state', new RegExp(`^(rng_state|random_states?)([._-].*)?${BINARY}$`)],
  ['gradient_scaler', /^(grad_)?scaler([._-]\d+)?\.(pt|pth|bin)$/],
  [
    'trainer_state',
    /^(trainer_state\.json|training_args\.bin|(extra|recipe)_state([._-].*)?\.pt)$/,
  ],
  ['trainer_state', /^sampler(_\d+)?\.bin$/],
  ['event_file', /^events\.out\.tfevents\./],
]
/** Folders in which each file is a piece of an optimiser. */
const OPTIMIZER_FOLDER = /(^|[/\\])(optimizer(_\d+)?|optim|opt_state)[/\\]/
/** Pieces of DeepSpeed ZeRO, and the files that only its pieces need. */
const ZERO_PIECE = /_(optim|model)_states\.pt$/
const WITH_ZERO = /^(zero_to_fp32\.py|latest)$/
const OTHER_CHECKPOINT = /^checkpoint-\d+[/\\]/

/** What is known of a checkpoint beside the names of its files. */
export interface Contents {
  /** It is one file, which is never left out. */
  isFile: boolean
  /** Its weights, or its adapter, are whole beside any shards. */
  hasWholeWeights: boolean
  /** Files whose content is only the state of an optimiser or alike. */
  trainingOnly: ReadonlySet<string>
}

/**
 * The files of a checkpoint that serving does not need, by their names and contents. Any other file
 * is needed, or may be. Shards of ZeRO hold the weights, so they are left out only if those lie whole
 * beside them.
 */
export function leftOutOf(
  files: readonly { name: string; bytes: number }[],
  { isFile, hasWholeWeights, trainingOnly }: Contents,
): LeftOut[] {
  if (isFile) return []
  const hasZero = files.some(({ name }) => ZERO_PIECE.test(name))
  return files.flatMap(({ name, bytes }) => {
    const why = trainingOnly.has(name) ? 'optimizer' : reasonOf(name, hasWholeWeights, hasZero)
    return why === undefined ? [] : [{ name, bytes, why }]
  })
}

function reasonOf(path: string, isWhole: boolean, hasZero: boolean): LeftOutReason | undefined {
  const name = basename(path)
  const isZero = ZERO_PIECE.test(name)
  if (isZero || (hasZero && dirname(path) === '.' && WITH_ZERO.test(name)))
    return isWhole ? 'zero_pieces' : undefined
  if (isWhole && OTHER_CHECKPOINT.test(path)) return 'other_checkpoint'
  if (OPTIMIZER_FOLDER.test(path)) return 'optimizer'
  return NAMES.find(([, names]) => names.test(name))?.[0]
}
