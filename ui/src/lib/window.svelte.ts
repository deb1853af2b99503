// Which rows of a long list are in sight: fixed row height, only those are in the page.

/** Rows drawn above and below what is seen, once that is painted. */
export const OVERSCAN = 3;
/** Height of what is above the list. */
const FRAME = 180;
/** Where nothing is measured (tests), as much as a tall window shows. */
const UNMEASURED = { row: 76, height: 3_040 };

export class RowWindow {
  top = $state(0);
  /** Until it is measured, what the frame leaves of the window. */
  height = $state(Math.max(0, window.innerHeight - FRAME));
  row = $state(0);
  over = $state(OVERSCAN);
  #most = 0;

  readonly rowHeight = $derived(this.row || UNMEASURED.row);
  readonly first = $derived(Math.max(0, Math.floor(this.top / this.rowHeight) - this.over));
  /** Most rows that are drawn at once: so many places, used again and again. Where the list gets
   * lower, as under a search's chips, they stay: a row made again costs more than one unseen. */
  readonly places = $derived.by(() => {
    const needed = Math.ceil((this.height || UNMEASURED.height) / this.rowHeight) + 2 * OVERSCAN + 2;
    return (this.#most = Math.max(this.#most, needed));
  });
  readonly last = $derived(Math.ceil((this.top + (this.height || UNMEASURED.height)) / this.rowHeight) + this.over);

  /** Where to scroll so that a row is in sight; null when it is. */
  reveal(index: number): number | null {
    const from = index * this.rowHeight;
    const height = this.height || UNMEASURED.height;
    if (from < this.top) return from;
    // Where not even one row fits, its top is what is shown.
    const below = Math.min(from, from + this.rowHeight - height);
    return below > this.top ? below : null;
  }
}
