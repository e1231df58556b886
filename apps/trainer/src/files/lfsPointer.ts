import { lstat, realpath } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

const LFS_POINTER = 'version https://git-lfs.github.com/spec/'

/** Whether a text is a Git LFS pointer, which replaces a large file that was not downloaded. */
export function isLfsPointer(text: string): boolean {
  return text.startsWith(LFS_POINTER)
}

/**
 * The command that fetches the content of a pointer, with all pieces of a split file. Outside of a
 * repository nothing can be fetched by Git.
 */
export async function lfsAdvice(path: string): Promise<string> {
  const file = await realpath(path)
  const repository = await repositoryOf(dirname(file))
  if (repository === undefined) return 'download the file itself'
  const below = relative(repository, file).split(sep).join('/')
  const pieces = below.replace(/-\d+-of-\d+(?=\.)/, '-*')
  return `fetch it with: git lfs pull --include "${pieces}"`
}

async function repositoryOf(folder: string): Promise<string | undefined> {
  const isThere = await lstat(join(folder, '.git')).then(
    () => true,
    () => false,
  )
  if (isThere) return folder
  const above = dirname(folder)
  return above === folder ? undefined : repositoryOf(above)
}
