//! A TCP line on loopback on which things go wrong: late, dripping, cut, half open, stalled, refused, with a bit turned.
//!
//! It knows nothing of what it carries, so that SSH, HTTP and PostgreSQL can be led through it alike. Each [`Wire`] runs on a
//! thread of its own; dropping it ends every connection that it holds.
//!
//! ```
//! # fn example(server: std::net::SocketAddr) -> anyhow::Result<()> {
//! use lab::wire::{Connections, Disturbance, Ending, Fault, Wire};
//!
//! let fault = Fault::Cut { after: 100_000, ending: Ending::Reset };
//! let wire = Wire::disturbed(server, Disturbance::of(fault).on(Connections::Nth(2)))?;
//! // … run the job against wire.addr() …
//! assert_eq!(wire.struck(), 1);
//! # Ok(()) }
//! ```

mod by_hand;
mod carry;
mod fault;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;

pub use self::by_hand::{Options, run};
use self::carry::{Meter, Struck, carry, reset};
pub use self::fault::{Connections, Direction, Disturbance, Ending, Fault};

/// Wait after a connection that could not be taken, so that a lack of file handles does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Connections that wait to be taken; a test makes a few dozen.
const BACKLOG: u32 = 256;

/// A line to one server.
pub struct Wire {
    addr: SocketAddr,
    shared: Arc<Shared>,
    /// The port while it is taken and nobody listens on it.
    closed: Option<TcpSocket>,
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
}

/// What passed on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes from the client that reached the server.
    pub to_server: u64,
    /// Bytes from the server that reached the client.
    pub to_client: u64,
}

/// What all connections of a wire share.
struct Shared {
    server: SocketAddr,
    disturbance: Mutex<Option<Disturbance>>,
    meters: Mutex<Vec<Arc<Meter>>>,
    struck: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Wire {
    /// A line that is in order.
    ///
    /// # Errors
    /// When no port can be taken or no thread started.
    pub fn start(server: SocketAddr) -> Result<Self> {
        let mut wire = Self::refusing(server, 0)?;
        wire.open()?;
        Ok(wire)
    }

    /// A line with a fault.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn disturbed(server: SocketAddr, disturbance: Disturbance) -> Result<Self> {
        let wire = Self::start(server)?;
        wire.disturb(disturbance);
        Ok(wire)
    }

    /// A line whose port (0 takes a free one) refuses connections until it is [opened](Self::open).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn refusing(server: SocketAddr, port: u16) -> Result<Self> {
        let mut threads = tokio::runtime::Builder::new_multi_thread();
        let runtime = threads.worker_threads(1).thread_name("wire").enable_all().build();
        let runtime = runtime.context("the wire's thread cannot be started")?;
        let entered = runtime.enter();
        let socket = TcpSocket::new_v4().context("no socket for the wire")?;
        socket.set_reuseaddr(true).context("no socket for the wire")?;
        socket.bind((Ipv4Addr::LOCALHOST, port).into()).with_context(|| format!("port {port} cannot be taken"))?;
        let addr = socket.local_addr().context("the wire's port is not known")?;
        drop(entered);
        let shared = Shared {
            server,
            disturbance: Mutex::default(),
            meters: Mutex::default(),
            struck: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        };
        Ok(Self { addr, shared: Arc::new(shared), closed: Some(socket), runtime: Some(runtime) })
    }

    /// Takes connections from now on.
    ///
    /// # Errors
    /// When nobody may listen on the port.
    pub fn open(&mut self) -> Result<()> {
        if let (Some(socket), Some(runtime)) = (self.closed.take(), &self.runtime) {
            let entered = runtime.enter();
            let listener = socket.listen(BACKLOG).context("the wire cannot listen")?;
            drop(entered);
            runtime.spawn(accept(listener, Arc::clone(&self.shared)));
        }
        Ok(())
    }

    /// Where clients connect.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Disturbs connections that are made from now on, in place of an earlier fault.
    pub fn disturb(&self, disturbance: Disturbance) {
        *locked(&self.shared.disturbance) = Some(disturbance);
    }

    /// Leaves connections that are made from now on alone.
    pub fn mend(&self) {
        *locked(&self.shared.disturbance) = None;
    }

    /// What has passed on each connection so far, in the order in which they were made.
    #[must_use]
    pub fn traffic(&self) -> Vec<Traffic> {
        let of = |meter: &Arc<Meter>| Traffic {
            to_server: meter.to_server.load(Ordering::Relaxed),
            to_client: meter.to_client.load(Ordering::Relaxed),
        };
        locked(&self.shared.meters).iter().map(of).collect()
    }

    /// How many connections were cut, left half open or stalled.
    #[must_use]
    pub fn struck(&self) -> usize {
        self.shared.struck.load(Ordering::SeqCst)
    }

    /// How many connections were open at the same time.
    #[must_use]
    pub fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // In the background, because a test may drop this on a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                let shared = Arc::clone(&shared);
                let (number, meter) = shared.count();
                tokio::spawn(async move { shared.serve(client, number, &meter).await });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

impl Shared {
    /// The number of the next connection, and its meter.
    fn count(&self) -> (usize, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        let mut meters = locked(&self.meters);
        meters.push(Arc::clone(&meter));
        (meters.len(), meter)
    }

    /// One connection, from its beginning to its end.
    async fn serve(&self, mut client: TcpStream, number: usize, meter: &Meter) {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        let disturbance = locked(&self.disturbance).filter(|found| found.connections.include(number));
        if disturbance.is_some_and(|found| found.fault == Fault::Stall) {
            self.struck.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        match TcpStream::connect(self.server).await {
            Ok(mut server) => {
                // What comes in small pieces goes on in small pieces.
                let _slower_without = (client.set_nodelay(true), server.set_nodelay(true));
                match carry(&mut client, &mut server, disturbance, meter).await {
                    None => {}
                    Some(struck) => self.strike(struck, &client, &server).await,
                }
            }
            // A server that is not there refuses, and so does its line.
            Err(_) => reset(&client),
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    async fn strike(&self, struck: Struck, client: &TcpStream, server: &TcpStream) {
        self.struck.fetch_add(1, Ordering::SeqCst);
        match struck {
            Struck::Cut(Ending::Fin) => {}
            Struck::Cut(Ending::Reset) => {
                reset(client);
                reset(server);
            }
            Struck::HalfOpen => std::future::pending().await,
        }
    }
}
