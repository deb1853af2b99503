// Half a surrogate pair is no character and has no UTF-8: it is refused here, by its field,
// because the shell could only say that the message cannot be read.
import type { ProblemView } from './bindings/ProblemView';

const HALF = /[\ud800-\udfff]/u;

/** Whether everything in a message is text; throws the problem of the first field that is not. */
export function refuseHalves(value: unknown, field = 'text'): void {
  if (typeof value === 'string') {
    const at = value.search(HALF);
    if (at >= 0) throw half(field, value, at);
  } else if (value !== null && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) refuseHalves(inner, Array.isArray(value) ? field : name);
  }
}

function half(field: string, text: string, at: number): ProblemView {
  const code_point = `U+${text.charCodeAt(at).toString(16).toUpperCase()}`;
  const position = String([...text.slice(0, at)].length + 1);
  const message = `The field ${field} holds half a surrogate pair ${code_point} as character ${position}, which is no character.`;
  return { code: 'text_hidden', message, hints: ['Remove it, and enter the character again.'], values: { field, code_point, position } };
}
