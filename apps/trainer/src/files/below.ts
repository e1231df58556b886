/** Whether an absolute path is below a folder. */
export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** Whether an absolute path is a folder or below it. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder)
}
