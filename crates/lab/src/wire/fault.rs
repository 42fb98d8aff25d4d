//! What can be wrong with a line, and which connections it meets.

use std::time::Duration;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server: requests.
    ToServer,
    /// From the server to the client: answers and files.
    ToClient,
}

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// In good order, as if the other side had said all it had to say (FIN).
    Fin,
    /// With a reset (RST), as by a firewall or a process that died.
    Reset,
}

/// What goes wrong. Bytes are counted per connection and from 0, in the direction of the [`Disturbance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every byte arrives so much later; how many are on their way at once is not limited.
    Late(Duration),
    /// Bytes drip: so many at a time, with a pause before each.
    Trickle {
        /// Bytes at a time, at least 1.
        bytes: usize,
        /// The pause.
        pause: Duration,
    },
    /// Both sides are cut off once this many bytes have passed.
    Cut {
        /// The bytes that still pass.
        after: u64,
        /// How.
        ending: Ending,
    },
    /// Once this many bytes have passed, nothing passes any more in either direction, and both sides stay connected.
    HalfOpen {
        /// The bytes that still pass.
        after: u64,
    },
    /// The connection is taken, and nobody ever answers; the server hears nothing of it.
    Stall,
    /// One bit of the byte at this place is turned.
    Flip {
        /// How many bytes pass before it.
        at: u64,
    },
}

/// Which of the connections, counted from 1 in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// Each.
    All,
    /// This one alone.
    Nth(usize),
    /// This many, and those after them are in order.
    First(usize),
    /// All that come after this many.
    After(usize),
}

impl Connections {
    pub(super) const fn include(self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::Nth(one) => number == one,
            Self::First(many) => number <= many,
            Self::After(many) => number > many,
        }
    }
}

/// A fault, the direction in which it is, and the connections that it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disturbance {
    /// What goes wrong.
    pub fault: Fault,
    /// In which direction. [`Fault::Stall`] has none.
    pub direction: Direction,
    /// On which connections.
    pub connections: Connections,
}

impl Disturbance {
    /// Of every connection, on the way from the server.
    #[must_use]
    pub const fn of(fault: Fault) -> Self {
        Self { fault, direction: Direction::ToClient, connections: Connections::All }
    }

    /// The same on the way to the server.
    #[must_use]
    pub const fn to_server(self) -> Self {
        Self { direction: Direction::ToServer, ..self }
    }

    /// The same for these connections.
    #[must_use]
    pub const fn on(self, connections: Connections) -> Self {
        Self { connections, ..self }
    }
}
