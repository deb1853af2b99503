// News that come one by one and are answered together: the first at once, what follows within
// a moment as one. A merge of a thousand cases must not ask a thousand questions.

const MOMENT_MS = 100;

export class Gathered {
  #news = new Set<string>();
  #moment: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly answer: (news: string[]) => void) {}

  add(one: string): void {
    this.#news.add(one);
    if (this.#moment === undefined) this.#tell();
  }

  #tell(): void {
    const news = [...this.#news];
    this.#news.clear();
    this.#moment = news.length === 0 ? undefined : setTimeout(() => this.#tell(), MOMENT_MS);
    if (news.length > 0) this.answer(news);
  }
}
