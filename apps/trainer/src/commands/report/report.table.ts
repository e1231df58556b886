import { JOB } from '../../cli/argumentTexts.ts'
import { any, command } from '../../cli/command.ts'
import { oneOf, path, text } from '../../cli/kind.ts'
import { optional, withDefault } from '../../cli/option.ts'

export const REPORT = command({
  name: 'report',
  summary: 'Print the report of a job, or of a comparison of several, as one file.',
  details: ['An HTML report needs no other file and sends no request.'],
  forms: ['report JOB… [options]', 'report --project NAME [options]'],
  arguments: { JOB: any(JOB) },
  options: {
    project: optional(text('NAME'), 'Report a comparison of all jobs of a project.'),
    format: withDefault(oneOf(['html', 'md', 'json']), 'html', 'The format of the file.'),
    out: optional(path('FILE'), 'The file to write. Default: print to stdout.'),
  },
  examples: [
    { line: 'bestmark report my-run > my-run.html', text: 'Write the report.' },
    {
      line: 'bestmark report lr1e-2 lr3e-2 --format md',
      text: 'Print a comparison of two runs as Markdown.',
    },
  ],
})
