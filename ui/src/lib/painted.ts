// When what is drawn is seen.

/** The longest that a visible window needs to paint. */
const UNSEEN_MS = 500;

/** Ends when what is drawn now is painted: with the second frame, or, as an unseen window is given none, after a moment. */
export async function painted(): Promise<void> {
  const unseen = new Promise((done) => setTimeout(done, UNSEEN_MS));
  const second = new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.race([unseen, second]);
}
