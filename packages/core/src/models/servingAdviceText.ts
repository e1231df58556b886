import type { ServingProblem } from './servingAdvice.ts'

/** Says what is missing to serve a checkpoint, and what to do. The command stands apart. */
export function servingAdviceText(problem: ServingProblem): string {
  if (problem.code === 'files_missing') {
    const { names } = problem
    return `It has no ${names.join(', ')}, but every other checkpoint of the run has.`
  }
  if (problem.code === 'no_configuration')
    return 'It has no config.json, and transformers and vLLM do not load it without this file.'
  const { command } = problem
  if (problem.code === 'needs_base') {
    const how = command === null ? '' : ', or merge both with this command'
    return `This is an adapter. Serve it together with ${problem.base ?? 'its base'}${how}.`
  }
  const how = command === null ? '' : ' with this command'
  return `It is saved in shards. Merge them${how} before you serve it.`
}
