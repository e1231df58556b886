import { writeFile } from 'node:fs/promises'
import { helpText } from '../cli/help.ts'
import { GROUPS } from './commands.ts'

/** The reference of the command line as Markdown: the help of each command. */
export function referenceText(): string {
  const groups = GROUPS.map(({ title, commands }) => {
    const sections = commands.map(({ table }) => {
      return `### ${table.name}\n\n\`\`\`\n${helpText(table)}\`\`\`\n`
    })
    return `## ${title}\n\n${sections.join('\n')}`
  })
  return `${INTRODUCTION}\n${groups.join('\n')}`
}

const INTRODUCTION = `# The command line

\`npx -y pnpm@12 reference\` writes this page from the help of the commands.

\`./bestmark\` works from any folder. \`bestmark COMMAND --help\` prints a section of this page. \`bestmark --help\` lists the commands. \`bestmark --version\` prints the version. \`bestmark completion SHELL\` prints a script that completes commands and options in your shell. In the repository, \`npx -y pnpm@12 -s bestmark\` is the same as \`./bestmark\`.

Name a job by its id, by the beginning of its id, or by its name. If several jobs match, the command lists them and exits with 2.

| exit code | meaning                                                                                |
| --------- | -------------------------------------------------------------------------------------- |
| 0         | found, or done                                                                         |
| 1         | nothing to choose from, or nothing to do                                               |
| 2         | wrong input: the error says what is wrong, where, and what to do                       |
| 3         | the trainer names another checkpoint as best (only with \`pick --fail-on-disagreement\`) |
| 127       | \`run\`: the program could not be started                                                |

With \`--json\`, NaN, Infinity and -Infinity are the strings \`"NaN"\`, \`"Infinity"\` and \`"-Infinity"\`.
`

if (import.meta.main) {
  await writeFile(new URL('../../../../docs/cli.md', import.meta.url), referenceText())
}
