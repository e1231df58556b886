/** The folder of a member of an ensemble in chemprop: its number is no step. */
const MEMBER = /(?:^|\/)fold_\d+\/model_\d+$/

/** Whether a folder is that of a member of an ensemble. */
export function isMember(path: string): boolean {
  return MEMBER.test(path)
}

/** Whether a file has the best weights of a member, which a better epoch replaces. */
export function isBestOfMember(path: string): boolean {
  return path.endsWith('/model.pt') && isMember(path.slice(0, -'/model.pt'.length))
}
