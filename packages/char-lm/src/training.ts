import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkpointPath } from './checkpoint.ts'
import { CHAR_LM } from './recipe.ts'
import type { Run } from './run.ts'
import { isDiskFull } from '@bestmark/core'
import { freshState, addEvaluation, TRAINER_STATE, trainerStateJson } from './trainerState.ts'
import { zeroMoments } from './adam.ts'
import { Learner } from './learner.ts'
import { initialTensors, type Model } from './model.ts'
import { findPreset, type Preset } from './preset.ts'
import { load, save } from './saved.ts'
import { recordSample } from './sample.ts'
import { Alphabet, fixedBatches, readSplits, trainBatch } from './text.ts'

/** One attempt to train a preset: the learner, its text, and everything logged so far. */
export class Training {
  readonly preset: Preset
  readonly alphabet: Alphabet
  readonly learner: Learner
  readonly state
  readonly splits
  readonly #run: Run
  readonly #model: Model
  readonly #presetName: string
  readonly #text: Int32Array
  readonly #heldOut
  readonly #parameters: number
  #savedStep: number | null

  /** Starts from the checkpoint that the run names, or from the preset's seed. */
  constructor(run: Run) {
    const saved = run.resume === null ? undefined : load(run.folder, run.resume)
    this.#run = run
    this.#presetName = saved?.config.preset ?? run.preset ?? CHAR_LM.presets[0]
    if (run.preset !== null && run.preset !== this.#presetName) {
      throw new Error(
        `${run.resume} belongs to the preset ${this.#presetName}. Resume with that preset.`,
      )
    }
    this.preset = findPreset(this.#presetName)
    this.splits = readSplits(this.preset)
    this.alphabet = new Alphabet(this.splits.train)
    this.#text = this.alphabet.encode(this.splits.train)
    this.#heldOut = fixedBatches(this.alphabet.encode(this.splits.evaluation), this.preset)
    this.#model = modelOf(this.preset, this.alphabet)
    const model = saved?.snapshot.model ?? initialTensors(this.#model, this.preset.seed)
    const optimizer = saved?.snapshot.optimizer ?? zeroMoments(model)
    this.learner = new Learner(this.#model, this.preset, { model, optimizer })
    this.state = saved?.state ?? freshState(planOf(this.preset))
    this.#savedStep = saved?.config.step ?? null
    this.#parameters = countOf(Object.values(model))
  }

  /** Reports what this attempt will do. An earlier attempt no longer counts as complete. */
  begin(): void {
    rmSync(join(this.#run.folder, TRAINER_STATE), { force: true })
    const { preset, alphabet, splits } = this
    const parameters = this.#parameters
    const { name, project, resume } = this.#run
    this.#run.record({
      type: 'started',
      name,
      project,
      total_steps: preset.max_steps,
      total_epochs: epochOf(preset.max_steps, preset),
      resumed_from: resume === null ? null : this.step,
      loss_unit: 'nats_per_token',
      metric_for_best: 'eval_loss',
      direction: 'min',
      declared_by: 'the char-lm recipe',
      save_steps: preset.save_steps,
      config: { recipe: CHAR_LM.name, preset: this.#presetName, ...preset, parameters },
    })
    const text =
      `${parameters.toLocaleString('en')} parameters learn ${splits.train.length.toLocaleString('en')} ` +
      `characters of Moby-Dick, ${alphabet.characters.length} of them different.`
    this.#run.record({ type: 'log', level: 'info', text })
  }

  /** Steps made so far. */
  get step(): number {
    return this.state.global_step
  }

  get isDone(): boolean {
    return this.step >= this.preset.max_steps
  }

  /** Makes one step; evaluates and saves if that is due. */
  learn(): void {
    const { batch_size, context, learning_rate: highest, warmup_steps, save_steps } = this.preset
    const began = performance.now()
    const step = this.step + 1
    const learning_rate = highest * Math.min(1, step / warmup_steps)
    const batch = trainBatch(this.#text, step, this.preset)
    const { loss, grad_norm } = this.learner.learn(step, batch, learning_rate)
    const tokens_per_second = (batch_size * context) / ((performance.now() - began) / 1000)
    const epoch = epochOf(step, this.preset)
    this.state.global_step = step
    this.state.epoch = epoch
    this.state.log_history.push({ epoch, grad_norm, learning_rate, loss, step })
    const values = { loss, learning_rate, grad_norm, tokens_per_second }
    this.#run.record({ type: 'metrics', step, epoch, values })
    if (step % save_steps === 0) this.save()
  }

  /** Evaluates and saves the current weights, unless that was just done. */
  save(): void {
    const { step, state } = this
    if (step === this.#savedStep) return
    const { attempt } = this.#run
    const { epoch } = state
    const eval_loss = this.learner.loss(this.#heldOut)
    const samples = this.#heldOut.length * this.preset.batch_size
    this.#run.record({ type: 'evaluation', step, epoch, values: { eval_loss }, samples })
    const isBest = addEvaluation(state, eval_loss, checkpointPath(step))
    const alphabet = this.alphabet.characters
    const preset = this.#presetName
    const config = {
      model_type: 'char-lm',
      preset,
      attempt,
      step,
      alphabet,
      ...this.#model,
    } as const
    const saved = this.#saveIfThereIsRoom(config)
    if (!saved) return
    const { path, bytes } = saved
    const files = { files_state: 'complete', bytes, checked_at: Date.now() } as const
    this.#run.record({ type: 'checkpoint', step, epoch, path, ...files })
    const claim = { path, step, metric: 'eval_loss', value: eval_loss }
    if (isBest) this.#run.record({ type: 'claim', ...claim })
    // A run that is asked to stop ends soon; the text takes longer than the checkpoint.
    if (!this.#run.stop.aborted) recordSample(this.#run, this)
    this.#savedStep = step
  }

  /** On a full disk this checkpoint is skipped and the training continues. */
  #saveIfThereIsRoom(config: Parameters<typeof save>[1]): ReturnType<typeof save> | undefined {
    try {
      return save(this.#run.folder, config, this.learner.snapshot(), this.state)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      const text = `The disk is full, so nothing was saved at step ${config.step}.`
      this.#run.record({ type: 'log', step: config.step, level: 'warning', text })
      return undefined
    }
  }

  /** Saves the last step and writes into the run's root that all steps are made. */
  complete(): void {
    this.save()
    const path = join(this.#run.folder, TRAINER_STATE)
    writeFileSync(`${path}.unfinished`, trainerStateJson(this.state))
    renameSync(`${path}.unfinished`, path)
  }
}

/** Epochs at a step: characters drawn so far, divided by the length of the training text. */
export function epochOf(step: number, preset: Preset): number {
  return (step * preset.batch_size * preset.context) / preset.train_characters
}

function modelOf({ context, width, heads, layers }: Preset, alphabet: Alphabet): Model {
  return { vocabulary: Math.ceil(alphabet.size / 16) * 16, context, width, heads, layers }
}

function planOf(preset: Preset) {
  const { max_steps, save_steps, batch_size: train_batch_size } = preset
  return { max_steps, num_train_epochs: epochOf(max_steps, preset), save_steps, train_batch_size }
}

function countOf(tensors: { data: Float32Array }[]): number {
  return tensors.reduce((count, { data }) => count + data.length, 0)
}
