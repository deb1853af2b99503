// Words that follow a number, by the rules of the language.

/** The forms that English and German have. */
export interface Forms {
  one: string;
  other: string;
}

/** Chooses the form for a number. */
export function pluralOf(language: string): (value: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  return (value, forms) => (rules.select(value) === 'one' ? forms.one : forms.other);
}
