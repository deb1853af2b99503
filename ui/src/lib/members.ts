// The entries of a change of a set, of whatever sort, in one list.
import type { AudienceView } from '../bridge/bindings/AudienceView';
import type { ChangeView } from '../bridge/bindings/ChangeView';
import type { PlaceView } from '../bridge/bindings/PlaceView';

/** An entry. */
export type Member = ({ type: 'place' } & PlaceView) | ({ type: 'audience' } & AudienceView);

/** Every entry; none of any other change. */
export const membersOf = ({ places, audiences }: Pick<ChangeView, 'places' | 'audiences'>): Member[] => [
  ...places.map((place): Member => ({ type: 'place', ...place })),
  ...audiences.map((audience): Member => ({ type: 'audience', ...audience })),
];
