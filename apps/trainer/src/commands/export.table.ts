import { JOB } from '../cli/argumentTexts.ts'
import { command, maybe } from '../cli/command.ts'
import { path } from '../cli/kind.ts'
import { flag, optional } from '../cli/option.ts'

export const EXPORT = command({
  name: 'export',
  summary: 'Write a job as a file that import reads on any board.',
  forms: ['export JOB [--out FILE] [--json]', 'export --all --out FOLDER [--json]'],
  arguments: { JOB: maybe(JOB) },
  options: {
    all: flag('Export every job.'),
    out: optional(path('PATH'), 'The file to write, or a folder for it. Default: print to stdout.'),
    json: flag('Print one JSON object per written file.'),
  },
  examples: [
    { line: 'bestmark export my-run --out my-run.jsonl', text: 'Write one job.' },
    { line: 'bestmark export --all --out backup/', text: 'Write all jobs.' },
  ],
})
