/** The readings of a checkpoint that policy `scored` may weigh. */
export const FEATURES = ['eval_loss', 'smoothed_loss', 'loss_gap', 'age', 'task_metrics'] as const
