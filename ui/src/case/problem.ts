// A problem's words in the places that have room for a line, not for a banner.
import type { ProblemView } from '../bridge/bindings/ProblemView';
import { sayProblem } from '../lib/say';

export const problemWords = (problem: ProblemView): string => sayProblem(problem).message;

export const problemHints = (problem: ProblemView): string[] => sayProblem(problem).hints;
