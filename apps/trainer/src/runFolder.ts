/** How training programs call the folder that they write to. */
const OPTIONS =
  /^--?(output[_-]dir|out[_-]dir|save[_-]dir|default[_-]root[_-]dir|logging[_-]dir|log[_-]dir|logdir)$/

/** The folder that a program is told to write to, where its words name one. */
export function outputFolderIn(argv: readonly string[]): string | undefined {
  for (const [index, word] of argv.entries()) {
    const [option = '', value = argv[index + 1]] = word.split(/=(.*)/s)
    if (OPTIONS.test(option) && value) return value
  }
  return undefined
}
