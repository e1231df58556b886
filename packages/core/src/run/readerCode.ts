import { z } from 'zod'

/** What a note of the reader says. Programs compare this code, never the words. */
export const ReaderCode = z.enum([
  // The files hold less than what was recorded before.
  'log_shorter',
  // Records, fields of records, a whole file, a state file, or all files of one source were not used.
  'records_skipped',
  'fields_ignored',
  'number_cut',
  'file_skipped',
  'state_skipped',
  'source_skipped',
  'data_damaged',
  'rows_without_step',
  'evaluation_ignored',
  // Another training wrote files of the same folder.
  'training_skipped',
  'training_separate',
  // A second source or a file of results has values that the log does not have.
  'values_added',
  'values_differ',
  'results_ignored',
  'results_unreadable',
  'results_assumed_last',
  'steps_computed',
  'epoch_length_guessed',
  'metrics_from_names',
  // The only run below the folder was read, or a folder below it could not be read.
  'run_below',
  'folder_skipped',
  // The folder was a run of its own for an earlier version.
  'part_of_run',
  'nan_hidden',
  'configuration_ignored',
  'configurations_differ',
  // How the step of a checkpoint was found, or why it is unknown.
  'step_likely',
  'step_unknown',
  'step_contradicted',
  'steps_by_order',
  'steps_of_training',
  // The best checkpoint that the program names is outside the run, or not on this machine.
  'best_elsewhere',
  'best_not_found',
  // The run's folder has no weights, and a file in it names a folder that has some.
  'weights_elsewhere',
  'score_skipped',
  'scores_unreadable',
  'not_servable',
  // The best checkpoint is in an object store that was not read.
  'files_unchecked',
  'disk_full',
  'disk_free',
])
export type ReaderCode = z.infer<typeof ReaderCode>
