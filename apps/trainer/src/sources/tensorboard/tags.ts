import { basename, dirname } from 'node:path'
import { directionOf } from '@bestmark/core'
import { heldOutName, isBatchValue, isHeldOut } from '../events/names.ts'

/** What a program counts: HuggingFace completed steps, Lightning batches from 0, Keras epochs from 0. */
type CountUnit = 'steps' | 'batches' | 'epochs'

/** What the tags so far show. */
export interface TagState {
  count_unit: CountUnit | null
  /** The tag of the training loss. */
  loss: string | null
}

/** HuggingFace's summary at the end, which has no step. */
const SUMMARY = /^train\/(train_|total_flos$)/
/** HuggingFace's other training values. In its state file they have no prefix. */
const OF_TRAINING = /^train\/(learning_rate|grad_norm|epoch)$/

/** The mean reward of training episodes, by which RSL-RL and Stable-Baselines3 measure a policy. */
const REWARD = /^(Train\/mean_reward|rollout\/ep_rew_mean)$/

interface SeenTag {
  file: string
  tag: string
  step: number
}

/** The common name of a tag, and whether it is measured on held-out data. */
export interface TagName {
  name: string
  kind: 'metrics' | 'evaluation'
}

/** Names by tag, as long as nothing else that a name depends on changes. */
interface KnownNames {
  file: string
  loss: string | null
  isFirst: boolean
  byTag: Map<string, TagName | undefined>
}

/** The names of the file that is read, because a file repeats its few tags at every step. */
const known = new WeakMap<TagState, KnownNames>()

/** The common name of a tag; undefined if it is not a metric of a step. */
export function nameOf(state: TagState, seen: SeenTag): TagName | undefined {
  const { byTag } = knownNames(state, seen)
  const before = byTag.get(seen.tag)
  if (before || byTag.has(seen.tag)) return before
  const { loss } = state
  const name = readName(state, seen)
  const isMeasured =
    name !== undefined && (isHeldOut(name) || REWARD.test(name) || isOfExample(seen.file, name))
  const kind = isMeasured ? 'evaluation' : 'metrics'
  const found = name === undefined ? undefined : ({ name, kind } as const)
  if (state.loss === loss) byTag.set(seen.tag, found)
  return found
}

/** The examples of transformers log to a folder with their own name: `runs/glue_no_trainer`. */
const EXAMPLE = /(^|\/)\w+_no_trainer\//

/** Whether a metric is one of the evaluation that these examples make after each epoch. */
function isOfExample(file: string, name: string): boolean {
  return EXAMPLE.test(file) && directionOf(name) !== undefined && !/loss|train/.test(name)
}

function knownNames(state: TagState, { file, step }: SeenTag): KnownNames {
  const names = known.get(state)
  const isFirst = step === 0
  if (names?.file === file && names.loss === state.loss && names.isFirst === isFirst) return names
  const none = { file, loss: state.loss, isFirst, byTag: new Map<string, TagName | undefined>() }
  known.set(state, none)
  return none
}

function readName(state: TagState, { file, tag, step }: SeenTag): string | undefined {
  const folder = file.includes('/') ? basename(dirname(file)) : ''
  if (tag === 'hp_metric' || SUMMARY.test(tag) || isBatchValue(tag)) return undefined
  if (/^(batch_|evaluation_.*_vs_iterations$)/.test(tag)) return undefined
  if (EXAMPLE.test(file)) state.count_unit ??= 'steps'
  state.count_unit ??= countUnitOf(tag) ?? (isKeras(file, tag, step) ? 'epochs' : null)
  if (tag === 'epoch') return 'epoch'
  const bare = OF_TRAINING.test(tag) ? tag.slice('train/'.length) : tag.replace(/^epoch_/, '')
  const isOther = /^(eval|val|valid|validation|test)$/.test(folder)
  if (isOther) return heldOutName(/^test$/.test(folder) ? `test_${bare}` : `eval_${bare}`)
  const named = scalarsName(folder, bare)
  // Their metrics are one group, which has the name of any of them.
  const whole = EXAMPLE.test(file) && named !== bare ? folder.slice(bare.length + 1) : named
  if (isHeldOut(whole)) return heldOutName(whole)
  if (
    /^(loss|train_loss|train\/loss|training_loss|train_loss_step|train\/loss_step|loss\/train|loss_train|loss_training|lm loss|loss\/current)$/i.test(
      whole,
    )
  ) {
    state.loss ??= whole
  }
  return whole === state.loss ? 'loss' : whole
}

/** Words of a tag for curves of several splits: `Training vs. Validation Loss`. */
const SPLITS = /\b(train(ing)?|val(id(ation)?)?|eval|test)\b|\b(vs|and|versus)\b\.?|[&+]/gi

/** The name of a tag. `add_scalars("loss", { val })` writes to a folder `loss_val`, with the tag `loss`. */
function scalarsName(folder: string, tag: string): string {
  const before = `${tag.replaceAll('/', '_')}_`
  if (!folder.startsWith(before)) return tag
  const curve = tag.replace(SPLITS, ' ').replace(/ +/g, ' ').trim()
  return `${/\w/.test(curve) ? curve : tag}_${folder.slice(before.length)}`
}

/** What a program counts, by its tags: Keras has a prefix, Lightning `epoch`, HuggingFace `train/epoch`. */
function countUnitOf(tag: string): CountUnit | null {
  if (tag.startsWith('epoch_')) return 'epochs'
  if (tag === 'train/epoch') return 'steps'
  return tag === 'epoch' ? 'batches' : null
}

/** Keras' callback may log `loss` instead of `epoch_loss`. TensorFlow's writer names files `….v2`. */
function isKeras(file: string, tag: string, step: number): boolean {
  const isWriter = /(^|\/)(train|validation)\/[^/]*\.v2$/.test(file)
  return isWriter && step === 0 && !tag.includes('/')
}
