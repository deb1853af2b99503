// All English words; one file per subject.
import { caseWords } from './case';
import { charts } from './charts';
import { common } from './common';
import { deciding } from './deciding';
import { desk } from './desk';
import { dossier } from './dossier';
import { joining } from './joining';
import { logbook } from './logbook';
import { roster } from './roster';
import { rulebook } from './rulebook';
import { startWords } from './start';
import { talk } from './talk';

export const en = { ...common, ...caseWords, ...startWords, ...desk, charts, deciding, dossier, joining, logbook, roster, rulebook, talk };
