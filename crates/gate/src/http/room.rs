//! Room for connections. Whoever only waits or dawdles makes room for who comes next; what
//! is being answered stays. No sockets in here, and no clock.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Connections beyond the limit that are held for a moment: the health check among them is
/// answered, everybody else hears that there is no room.
const SPARE: usize = 32;

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Nothing was ever sent on it.
    Fresh,
    /// A request was answered and no other begun.
    KeptAlive,
    /// A request's head is on its way.
    Reading,
    /// A request is being answered.
    Busy,
}

struct Place {
    peer: IpAddr,
    phase: Phase,
    since: Instant,
    is_spare: bool,
    leave: Arc<Notify>,
}

#[derive(Default)]
struct Places {
    next: u64,
    taken: BTreeMap<u64, Place>,
}

/// All the room there is; cheap to copy.
#[derive(Clone)]
pub(super) struct Room {
    most: usize,
    most_per_peer: usize,
    places: Arc<Mutex<Places>>,
}

/// A connection's place; given back when it is dropped.
pub(super) struct Seat {
    room: Room,
    id: u64,
    /// Told when somebody else needs the place.
    pub(super) leave: Arc<Notify>,
    /// Whether only the health check is answered here.
    pub(super) is_spare: bool,
}

impl Room {
    pub(super) fn new(most: usize, most_per_peer: usize) -> Self {
        Self { most, most_per_peer, places: Arc::default() }
    }

    /// A place for a connection from `peer`; `None` when even the spare ones are answering.
    pub(super) fn enter(&self, peer: IpAddr, now: Instant) -> Option<Seat> {
        let mut places = self.lock();
        let full_of_peer = places.count(|one| one.peer == peer) >= self.most_per_peer;
        let full = places.count(|_| true) >= self.most;
        let has_room = if full_of_peer {
            places.send_off(|one| !one.is_spare && one.peer == peer)
        } else if full {
            let most = places.crowd();
            places.send_off(|one| !one.is_spare && Some(one.peer) == most)
        } else {
            true
        };
        if !has_room {
            let spare = places.taken.values().filter(|one| one.is_spare).count();
            if spare >= SPARE && !places.send_off(|one| one.is_spare) {
                return None;
            }
        }
        let (id, leave) = (places.next, Arc::new(Notify::new()));
        places.next += 1;
        let (is_spare, phase) = (!has_room, Phase::Fresh);
        let place = Place { peer, phase, since: now, is_spare, leave: Arc::clone(&leave) };
        places.taken.insert(id, place);
        Some(Seat { room: self.clone(), id, leave, is_spare })
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
    fn crowd(&self) -> Option<IpAddr> {
        let mut peers: BTreeMap<IpAddr, (usize, bool)> = BTreeMap::new();
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
        let idle = self.taken.iter().filter(|(_, one)| one.phase != Phase::Busy && of(one));
        let Some(id) = idle.min_by_key(|(_, one)| one.since).map(|(id, _)| *id) else {
            return false;
        };
        if let Some(place) = self.taken.remove(&id) {
            place.leave.notify_one();
        }
        true
    }
}

impl Seat {
    /// Bytes arrived: a request begins, unless one is under way.
    pub(super) fn handle_bytes(&self, now: Instant) {
        self.change(now, |phase| match phase {
            Phase::Fresh | Phase::KeptAlive => Phase::Reading,
            other => other,
        });
    }

    /// A request is whole and is being answered.
    pub(super) fn handle_request(&self, now: Instant) {
        self.change(now, |_| Phase::Busy);
    }

    /// The answer is ready to be sent.
    pub(super) fn handle_answer(&self, now: Instant) {
        self.change(now, |_| Phase::KeptAlive);
    }

    /// What the connection is doing, and for how long; `None` when it was sent off.
    pub(super) fn phase(&self, now: Instant) -> Option<(Phase, Duration)> {
        let places = self.room.lock();
        let place = places.taken.get(&self.id)?;
        Some((place.phase, now.saturating_duration_since(place.since)))
    }

    fn change(&self, now: Instant, change: impl FnOnce(Phase) -> Phase) {
        if let Some(place) = self.room.lock().taken.get_mut(&self.id) {
            let next = change(place.phase);
            if next != place.phase {
                (place.phase, place.since) = (next, now);
            }
        }
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

    const ROGUE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const HONEST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_crowd_makes_room_from_its_own_and_the_honest_stay() {
        let (room, start) = (Room::new(10, 8), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let honest: Vec<_> = (0..3).map(|ms| room.enter(HONEST, at(ms)).unwrap()).collect();
        let crowd: Vec<_> = (3..500).map(|ms| room.enter(ROGUE, at(ms)).unwrap()).collect();
        assert!(honest.iter().all(|seat| seat.phase(at(500)).is_some()));
        let held = crowd.iter().filter(|seat| seat.phase(at(500)).is_some()).count();
        assert_eq!(held, 7, "ten in all");
        assert!(crowd.iter().all(|seat| !seat.is_spare));
        // The newest stay.
        assert!(crowd.iter().rev().take(7).all(|seat| seat.phase(at(500)).is_some()));
        let newcomer = room.enter(HONEST, at(501)).unwrap();
        assert!(!newcomer.is_spare);
    }

    #[test]
    fn what_is_answered_stays_and_the_spare_places_are_few() {
        let (room, now) = (Room::new(4, 4), Instant::now());
        let busy: Vec<_> = (0..4).map(|_| room.enter(ROGUE, now).unwrap()).collect();
        busy.iter().for_each(|seat| seat.handle_request(now));
        let spare: Vec<_> = (0..100).map(|_| room.enter(HONEST, now).unwrap()).collect();
        assert!(spare.iter().all(|seat| seat.is_spare));
        assert_eq!(spare.iter().filter(|seat| seat.phase(now).is_some()).count(), SPARE);
        assert!(busy.iter().all(|seat| seat.phase(now).unwrap().0 == Phase::Busy));
        spare.iter().for_each(|seat| seat.handle_request(now));
        assert!(room.enter(HONEST, now).is_none());
        drop((busy, spare));
        assert!(room.lock().taken.is_empty());
    }
}
