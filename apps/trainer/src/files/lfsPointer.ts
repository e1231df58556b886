const LFS_POINTER = 'version https://git-lfs.github.com/spec/'

/** Whether a file's text is what Git leaves in place of a large file that was not fetched. */
export function isLfsPointer(text: string): boolean {
  return text.startsWith(LFS_POINTER)
}
