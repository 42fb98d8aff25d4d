//! A TCP proxy on loopback that cuts or stalls connections after so many bytes from the server.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[derive(Clone, Copy)]
pub(super) enum Fault {
    None,
    /// Closes both sides.
    Cut,
    /// Forwards nothing more and keeps both sides open.
    Stall,
}

pub(super) struct Proxy {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    fault: Fault,
    /// Bytes from the server after which the fault happens.
    after: usize,
    /// How many connections still get it.
    faults_left: AtomicUsize,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    closing: AtomicBool,
}

impl Proxy {
    pub(super) fn start(server: SocketAddr, fault: Fault, after: usize, times: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server,
            fault,
            after,
            faults_left: AtomicUsize::new(times),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if of_thread.closing.load(SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                thread::spawn(move || shared.serve(&client.unwrap()));
            }
        });
        Self { port, shared }
    }

    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }

    pub(super) fn most_open(&self) -> usize {
        self.shared.most_open.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, SeqCst);
        // Wakes the listener up.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn serve(&self, client: &TcpStream) {
        self.connections.fetch_add(1, SeqCst);
        let open = self.open.fetch_add(1, SeqCst) + 1;
        self.most_open.fetch_max(open, SeqCst);
        let server = TcpStream::connect(self.server).unwrap();
        let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let upward = thread::spawn(move || copy(from_client, to_server));
        self.downward(&server, client);
        let _ = server.shutdown(Shutdown::Both);
        let _ = client.shutdown(Shutdown::Both);
        upward.join().unwrap();
        self.open.fetch_sub(1, SeqCst);
    }

    /// From the server to the client, up to the fault.
    fn downward(&self, mut server: &TcpStream, mut client: &TcpStream) {
        let (mut block, mut sent) = ([0; 8192], 0);
        while let Ok(length @ 1..) = server.read(&mut block) {
            let faulty = !matches!(self.fault, Fault::None) && sent + length > self.after;
            if faulty && self.faults_left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
                let _ = client.write_all(&block[..self.after.saturating_sub(sent)]);
                if matches!(self.fault, Fault::Stall) {
                    while !self.closing.load(SeqCst) {
                        thread::sleep(Duration::from_millis(20));
                    }
                }
                return;
            }
            sent += length;
            if client.write_all(&block[..length]).is_err() {
                return;
            }
        }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut block = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut block) {
        if to.write_all(&block[..length]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
