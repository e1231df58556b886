/** A word that sbatch reads as an option, such as `--mem=32G`. */
export const SBATCH_OPTION = /^--[a-z]/
