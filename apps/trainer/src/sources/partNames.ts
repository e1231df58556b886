/** Names of folders that hold a part of a run. They name no run. */
const PART =
  /^((\w+[_-])?logs?|metrics|results?|history|csv|summar(y|ies)|events?|tensorboard|tb|nn|(saved_)?models?|ckpts?|checkpoints?|weights|snapshots|train(ing)?|val(id(ation)?)?|eval(uation)?|test)$/i

/** Whether a folder of this name holds a part of a run, such as `logs` or `checkpoints`. */
export function isPartName(name: string): boolean {
  return PART.test(name)
}

/**
 * Whether logs below a root belong to a run further below: a folder with its own name holds them and
 * weights, as `runs/ant` does with `runs/ant/summaries` and `runs/ant/nn/ant.pth`.
 */
export function isOfRunBelow(folder: string, weights: readonly { path: string }[]): boolean {
  const names = folder.split('/')
  return names.some((name, index) => {
    const above = `${names.slice(0, index + 1).join('/')}/`
    return !isPartName(name) && weights.some(({ path }) => path.startsWith(above))
  })
}
