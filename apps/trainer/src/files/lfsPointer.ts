const LFS_POINTER = 'version https://git-lfs.github.com/spec/'

/** Whether a text is a Git LFS pointer, which replaces a large file that was not downloaded. */
export function isLfsPointer(text: string): boolean {
  return text.startsWith(LFS_POINTER)
}
