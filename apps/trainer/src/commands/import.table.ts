import { command, many } from '../cli/command.ts'
import { CHECKPOINTS_OPTION } from '../cli/checkpointsOption.ts'
import { text } from '../cli/kind.ts'
import { flag, optional } from '../cli/option.ts'

export const IMPORT = command({
  name: 'import',
  summary: 'Put finished runs, exported jobs, or runs of another tracker on the board.',
  details: ['Importing a run again adds only what is new.'],
  arguments: {
    PATH: many(
      'a folder (runs are found at any depth), a trainer_state.json, a file of bestmark export, a SQLite store of MLflow or Trackio, or the URI of a run in S3',
      {
        isFile: true,
      },
    ),
  },
  options: {
    name: optional(
      text('NAME'),
      "The job's name, if one run is imported. Default: the name that the run declares, else its path below PATH.",
    ),
    project: optional(text('NAME'), 'The project that a new job belongs to.'),
    restore: flag('Bring back jobs that were deleted from the board.'),
    checkpoints: CHECKPOINTS_OPTION,
    json: flag('Print one JSON object per job.'),
  },
  examples: [
    { line: 'bestmark import out/', text: 'Import one run.' },
    { line: 'bestmark import runs --project qa', text: 'Import all runs below a folder.' },
    { line: 'bestmark import mlflow.db', text: "Import all runs of MLflow's SQLite store." },
    { line: 'bestmark import wandb/offline-run-*', text: 'Import runs that W&B logged offline.' },
  ],
})
