import {
  DEFAULT_PROJECT,
  ownValue,
  parameterProblemText,
  type ParameterValues,
  plannedRuns,
  type RecipeParameter,
} from '@bestmark/core'
import { invalidateAll } from '$app/navigation'
import { api, type Recipe } from '../api.ts'
import { rememberedName } from '../policy/person.ts'

/** What a form begins with. */
export interface CopiedRun {
  recipe: string
  name: string
  project: string
  parameters: ParameterValues
}

interface Field {
  name: string
  parameter: RecipeParameter
  text: string
}

/** A form that starts runs of one recipe. A number or a choice may have several values, with commas. */
export class NewRuns {
  readonly recipe: Recipe
  name = $state('')
  project = $state('')
  /** A field for each parameter, with what is written in it. */
  readonly fields = $state<Field[]>([])
  busy = $state(false)
  problem = $state('')
  done = $state('')

  constructor(recipe: Recipe, copied: CopiedRun | null) {
    this.recipe = recipe
    this.name = copied?.name ?? recipe.name
    this.project = copied?.project ?? DEFAULT_PROJECT
    const values = copied?.parameters ?? {}
    this.fields = Object.entries(recipe.parameters).map(([name, parameter]) => {
      return { name, parameter, text: String(ownValue(values, name) ?? parameter.default ?? '') }
    })
  }

  /** The runs that the form describes, or why there are none. */
  readonly planned = $derived.by(() => {
    const written = Object.fromEntries(this.fields.map(({ name, text }) => [name, text]))
    const found = plannedRuns(this.recipe.parameters, written)
    return 'problem' in found
      ? { runs: [], problem: parameterProblemText(found.problem) }
      : { ...found, problem: '' }
  })

  async start(): Promise<void> {
    const { name, project } = this
    const { host_id, name: recipe } = this.recipe
    const by = rememberedName() || undefined
    this.busy = true
    this.problem = ''
    try {
      const { runs } = this.planned
      const order = { recipe, host_id, name: name.trim(), project: project.trim(), runs, by }
      const { job_ids } = await api.jobs.create.mutate(order)
      this.done =
        job_ids.length === 1
          ? 'The run is in the queue.'
          : `${job_ids.length} runs are in the queue.`
      await invalidateAll()
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error)
    } finally {
      this.busy = false
    }
  }
}
