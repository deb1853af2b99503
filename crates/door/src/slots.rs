//! Counts open connections, in total and of each peer.

use crate::{Limits, Peer};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Why a connection found no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shed {
    /// The server has as many connections as it takes.
    Full,
    /// This peer has as many as one peer may.
    PeerFull,
}

/// The open connections.
#[derive(Debug)]
pub(crate) struct Slots {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    of_peer: HashMap<Peer, usize>,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    peer: Peer,
}

impl Slots {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, open: Mutex::default() }
    }

    pub(crate) fn enter(self: &Arc<Self>, peer: Peer) -> Result<Slot, Shed> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Open { total, of_peer } = &mut *open;
        let own = of_peer.get(&peer).copied().unwrap_or(0);
        // The proxy bounds its own clients; all of them come from its address.
        let is_proxy = self.limits.proxy.map(Peer::of) == Some(peer);
        if !is_proxy && own >= self.limits.connections_per_peer {
            return Err(Shed::PeerFull);
        }
        if *total >= self.limits.connections {
            return Err(Shed::Full);
        }
        *total += 1;
        of_peer.insert(peer, own + 1);
        Ok(Slot { slots: Arc::clone(self), peer })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        if let Some(own) = open.of_peer.get_mut(&self.peer) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.of_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_leaves_room_for_another_and_gives_back_what_it_had() {
        let peer = |last| Peer::of([192, 0, 2, last].into());
        let limits = Limits {
            connections: 3,
            connections_per_peer: 2,
            proxy: Some([192, 0, 2, 9].into()),
            ..Limits::default()
        };
        let slots = Arc::new(Slots::new(limits));
        let first = slots.enter(peer(1)).unwrap();
        let second = slots.enter(peer(1)).unwrap();
        assert_eq!(slots.enter(peer(1)).unwrap_err(), Shed::PeerFull);
        let third = slots.enter(peer(2)).unwrap();
        assert_eq!(slots.enter(peer(2)).unwrap_err(), Shed::Full);
        drop((first, second, third));
        assert!(slots.open.lock().unwrap().of_peer.is_empty());
        let proxied: Vec<_> = (0..3).map(|_| slots.enter(peer(9)).unwrap()).collect();
        assert_eq!(proxied.len(), 3);
        assert_eq!(slots.enter(peer(9)).unwrap_err(), Shed::Full);
    }
}
