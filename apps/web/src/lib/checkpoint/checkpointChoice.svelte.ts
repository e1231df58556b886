import { mayBeWhole } from '@bestmark/core'
import type { CheckpointList, CheckpointRow } from '../api.ts'

/** The chosen checkpoint: the best until a person picks another, which then stays chosen. */
export class CheckpointChoice {
  #list: () => CheckpointList
  #picked = $state<string | null>(null)
  #best = $derived.by(() => bestOf(this.#list()))
  #shippablePick = $derived.by(() => this.#pickedRow())

  constructor(list: () => CheckpointList) {
    this.#list = list
  }

  get best(): CheckpointRow | undefined {
    return this.#best
  }

  /** The person's pick while it can be shipped, else the best. */
  get chosen(): CheckpointRow | undefined {
    return this.#shippablePick ?? this.best
  }

  /** Whether a person picked another checkpoint than the best. */
  get differs(): boolean {
    return this.#shippablePick !== undefined && this.#shippablePick !== this.best
  }

  pick(checkpoint: CheckpointRow): void {
    this.#picked = checkpoint.checkpoint_id
  }

  /** Selects the best again, and follows it when it changes. */
  followBest(): void {
    this.#picked = null
  }

  #pickedRow(): CheckpointRow | undefined {
    if (this.#picked === null) return undefined
    return this.#list().checkpoints.find(
      ({ checkpoint_id, files_state }) => checkpoint_id === this.#picked && mayBeWhole(files_state),
    )
  }
}

function bestOf({ status, checkpoints }: CheckpointList): CheckpointRow | undefined {
  return checkpoints.find(({ checkpoint_id }) => checkpoint_id === status.best_checkpoint_id)
}
