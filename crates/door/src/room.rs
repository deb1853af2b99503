//! Room for connections. Whoever only waits or dawdles makes room for who comes next; what
//! is being answered stays. No sockets in here, and no clock.

use crate::{Limits, Peer, Shed};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Nothing was ever sent on it.
    Fresh,
    /// A request was answered and no other begun.
    KeptAlive,
    /// A request's head is on its way.
    Reading,
    /// A request is being answered.
    Busy,
}

#[derive(Debug)]
struct Place {
    peer: Peer,
    phase: Phase,
    since: Instant,
    is_spare: bool,
    leave: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    taken: BTreeMap<u64, Place>,
}

/// All the room there is; cheap to copy.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    limits: Limits,
    places: Arc<Mutex<Places>>,
}

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    room: Room,
    id: u64,
    /// Told when somebody else needs the place.
    pub(crate) leave: Arc<Notify>,
    /// Why only the health check is answered here, if so.
    pub(crate) spare: Option<Shed>,
}

impl Room {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, places: Arc::default() }
    }

    /// A place for a connection from `peer`: one that is free, that of who has dawdled longest,
    /// or a spare one. The oldest of the spare ones makes room for the next.
    pub(crate) fn enter(&self, peer: Peer, now: Instant) -> Seat {
        let mut places = self.lock();
        // The proxy bounds its own clients; all of them come from its address.
        let is_proxy = self.limits.proxy.map(Peer::of) == Some(peer);
        let own = places.count(|one| one.peer == peer);
        let spare = if !is_proxy && own >= self.limits.connections_per_peer {
            let made = places.send_off(|one| one.peer == peer);
            (!made).then_some(Shed::PeerFull)
        } else if places.count(|_| true) >= self.limits.connections {
            let crowd = places.crowd();
            let made = places.send_off(|one| Some(one.peer) == crowd);
            (!made).then_some(Shed::Full)
        } else {
            None
        };
        if spare.is_some() {
            places.keep_spare(self.limits.spare);
        }
        let (id, leave) = (places.next, Arc::new(Notify::new()));
        places.next += 1;
        let (is_spare, phase) = (spare.is_some(), Phase::Fresh);
        let place = Place { peer, phase, since: now, is_spare, leave: Arc::clone(&leave) };
        places.taken.insert(id, place);
        Seat { room: self.clone(), id, leave, spare }
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn count(&self, of: impl Fn(&Place) -> bool) -> usize {
        self.taken.values().filter(|one| !one.is_spare && of(one)).count()
    }

    /// The peer with the most connections, of those with one that can make room.
    fn crowd(&self) -> Option<Peer> {
        let mut peers: BTreeMap<Peer, (usize, bool)> = BTreeMap::new();
        for one in self.taken.values().filter(|one| !one.is_spare) {
            let (count, can_leave) = peers.entry(one.peer).or_default();
            *count += 1;
            *can_leave |= one.phase != Phase::Busy;
        }
        let crowds = peers.into_iter().filter(|(_, (_, can_leave))| *can_leave);
        crowds.max_by_key(|(_, (count, _))| *count).map(|(peer, _)| peer)
    }

    /// Sends off the one that has dawdled longest; false when all of them are being answered.
    fn send_off(&mut self, of: impl Fn(&Place) -> bool) -> bool {
        let idle = self.taken.iter();
        let idle = idle.filter(|(_, one)| !one.is_spare && one.phase != Phase::Busy && of(one));
        let longest = idle.min_by_key(|(_, one)| one.since).map(|(id, _)| *id);
        longest.inspect(|id| self.send(*id)).is_some()
    }

    /// Leaves room for one more spare place.
    fn keep_spare(&mut self, most: usize) {
        let spare: Vec<u64> =
            self.taken.iter().filter(|(_, one)| one.is_spare).map(|(id, _)| *id).collect();
        let beyond = (spare.len() + 1).saturating_sub(most.max(1));
        spare.into_iter().take(beyond).for_each(|id| self.send(id));
    }

    fn send(&mut self, id: u64) {
        if let Some(place) = self.taken.remove(&id) {
            place.leave.notify_one();
        }
    }
}

impl Seat {
    /// Bytes arrived: a request begins, unless one is under way.
    pub(crate) fn handle_bytes(&self, now: Instant) {
        self.change(now, |phase| match phase {
            Phase::Fresh | Phase::KeptAlive => Phase::Reading,
            other => other,
        });
    }

    /// A request's head is whole. `false` when the place was given to somebody else: then
    /// nothing of the request may be begun.
    pub(crate) fn handle_request(&self, now: Instant) -> bool {
        self.change(now, |_| Phase::Busy)
    }

    /// The answer is ready to its end.
    pub(crate) fn handle_answer(&self, now: Instant) {
        self.change(now, |_| Phase::KeptAlive);
    }

    /// What the connection is doing, and for how long; `None` when it was sent off.
    pub(crate) fn phase(&self, now: Instant) -> Option<(Phase, Duration)> {
        let places = self.room.lock();
        let place = places.taken.get(&self.id)?;
        Some((place.phase, now.saturating_duration_since(place.since)))
    }

    fn change(&self, now: Instant, change: impl FnOnce(Phase) -> Phase) -> bool {
        let mut places = self.room.lock();
        let Some(place) = places.taken.get_mut(&self.id) else { return false };
        let next = change(place.phase);
        if next != place.phase {
            (place.phase, place.since) = (next, now);
        }
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.lock().taken.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Peer {
        Peer::of([192, 0, 2, last].into())
    }

    fn room(connections: usize, connections_per_peer: usize) -> Room {
        Room::new(Limits { connections, connections_per_peer, spare: 32, ..Limits::default() })
    }

    #[test]
    fn a_crowd_makes_room_from_its_own_and_the_honest_stay() {
        let (rogue, honest) = (peer(1), peer(2));
        let (room, start) = (room(10, 8), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let stay: Vec<_> = (0..3).map(|ms| room.enter(honest, at(ms))).collect();
        let crowd: Vec<_> = (3..500).map(|ms| room.enter(rogue, at(ms))).collect();
        assert!(stay.iter().all(|seat| seat.phase(at(500)).is_some()));
        let held = crowd.iter().filter(|seat| seat.phase(at(500)).is_some()).count();
        assert_eq!(held, 7, "ten in all");
        assert!(crowd.iter().all(|seat| seat.spare.is_none()));
        // The newest stay.
        assert!(crowd.iter().rev().take(7).all(|seat| seat.phase(at(500)).is_some()));
        assert!(room.enter(honest, at(501)).spare.is_none());
    }

    #[test]
    fn what_is_answered_stays_and_the_spare_places_are_few() {
        let (room, now) = (room(4, 3), Instant::now());
        let busy: Vec<_> = [1, 1, 1, 2].map(|last| room.enter(peer(last), now)).into();
        assert!(busy.iter().all(|seat| seat.handle_request(now)));
        assert_eq!(room.enter(peer(1), now).spare, Some(Shed::PeerFull));
        let spare: Vec<_> = (0..100).map(|_| room.enter(peer(3), now)).collect();
        assert!(spare.iter().all(|seat| seat.spare == Some(Shed::Full)));
        let held = |seats: &[Seat]| seats.iter().filter(|seat| seat.phase(now).is_some()).count();
        assert_eq!(held(&spare), 32);
        assert_eq!(held(&spare[68..]), 32, "the oldest made room");
        // Whoever lost the place begins nothing.
        assert!(!spare[0].handle_request(now) && spare[99].handle_request(now));
        assert!(busy.iter().all(|seat| seat.phase(now).unwrap().0 == Phase::Busy));
        drop((busy, spare));
        assert!(room.lock().taken.is_empty());
    }

    #[test]
    fn a_proxy_may_have_all_the_room() {
        let proxy = Some([192, 0, 2, 9].into());
        let limits = Limits { connections: 3, connections_per_peer: 1, proxy, ..Limits::default() };
        let (room, now) = (Room::new(limits), Instant::now());
        let busy: Vec<_> = (0..3).map(|_| room.enter(peer(9), now)).collect();
        assert!(busy.iter().all(|seat| seat.spare.is_none() && seat.handle_request(now)));
        assert_eq!(room.enter(peer(9), now).spare, Some(Shed::Full));
    }
}
