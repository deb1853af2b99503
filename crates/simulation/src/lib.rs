//! What a simulation needs below everything else: one source of chance, and a disk that fails
//! on purpose. The worlds that stand on it are this room's tests (`tests/seeds`), because no
//! room may be reached from here but as a dev-dependency. In nothing that ships.

pub mod chance;
pub mod disk;
