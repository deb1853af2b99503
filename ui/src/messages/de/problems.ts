// Deutsch: Probleme nach ihrem Code; `{name}` wird aus den Werten gefüllt.
export const problems: Record<string, { message: string; hints?: string[] }> = {
  unexpected: { message: 'Etwas Unerwartetes ist geschehen.' },
};
