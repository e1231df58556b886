let runs = $state(false)

/**
 * Whether the page's own script runs. A browser that submits a form before then loads the page again,
 * and what somebody wrote is lost; so such a form has no enabled button until it does.
 */
export const script = {
  get runs(): boolean {
    return runs
  },
  /** To be called once the page is mounted. */
  begin(): void {
    runs = true
  },
}
