/** An extension begins with a letter: `g_00500000` and `checkpoint.1000` have none. */
const EXTENSION = /\.[A-Za-z]\w*$/
const TORCH = /\.(pt|pth|ckpt|bin|tar|pkl|checkpoint)$/

/** Whether a file may be an archive of torch, by its name. Some programs save without an extension. */
export function mayBeTorch(name: string): boolean {
  return TORCH.test(name) || hasNoExtension(name)
}

/** Whether a name says nothing about the form of its file. */
export function hasNoExtension(name: string): boolean {
  return !EXTENSION.test(name)
}
