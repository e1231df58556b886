import {
  directionOf,
  metricNames,
  policyProblem,
  type Direction,
  type NamedMetric,
  type Policy,
  type PolicyChoice,
  type Preference,
  ownValue,
} from '@bestmark/core'
import type { CheckpointList, JobDetail } from '../api.ts'
import { measuredRows } from './preview.ts'

/** A policy with its options, while a person edits it. */
export class PolicyDraft {
  policy = $state<Policy>('as_declared')
  metric = $state('')
  /** Set only if the name of the metric does not show its direction. */
  direction = $state<Direction | ''>('')
  prefer = $state<Preference>('earliest')
  scope = $state<'job' | 'project'>('job')
  metrics = $state.raw<string[]>([])
  #directions = $state.raw<Readonly<Record<string, Direction>>>({})
  /** The answer to the project's question is kept with its policy. */
  #undeclared: NamedMetric | undefined

  /** Starts from the current policy. */
  begin({ selection, checkpoints }: CheckpointList, detail: JobDetail): void {
    const { policy_options: options, metric_directions } = detail
    this.policy = selection.policy
    this.metrics = metricNames(measuredRows(checkpoints))
    this.metric = options.metric ?? selection.metric ?? this.metrics[0] ?? ''
    this.direction = options.direction ?? ''
    this.prefer = options.prefer ?? 'earliest'
    this.scope = detail.policy_from === 'project' ? 'project' : 'job'
    this.#directions = metric_directions
    this.#undeclared = options.undeclared
  }

  /** The direction of the metric, by its name or as its measurements give it. */
  get metricDirection(): Direction | undefined {
    return ownValue(this.#directions, this.metric) ?? directionOf(this.metric)
  }

  get complete(): boolean {
    // The board itself finds the coefficients of policy scored.
    const problem = policyProblem(this.choice)?.code ?? null
    if (problem !== null && problem !== 'needs_coefficients') return false
    const isDirected = this.metricDirection !== undefined || this.direction !== ''
    return this.policy !== 'metric' || isDirected
  }

  get choice(): PolicyChoice {
    const { policy, metric, prefer } = this
    if (policy === 'within_noise') return { policy, options: { prefer } }
    if (policy === 'as_declared' && this.#undeclared) {
      return { policy, options: { undeclared: this.#undeclared } }
    }
    if (policy !== 'metric') return { policy, options: {} }
    const direction = this.metricDirection ?? this.direction
    const named = metric === '' ? {} : { metric }
    return { policy, options: direction === '' ? named : { ...named, direction } }
  }
}
