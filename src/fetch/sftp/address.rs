//! A TCP connection to a host, each step of it within a time-out.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A TCP connection to the first address that answers. Finding the addresses may take the time-out, and so may trying all of them.
pub(super) fn connect(host: &str, port: u16, limit: Duration) -> Result<TcpStream, String> {
    let addresses = resolve(host, port, limit)?;
    let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = format!("the name `{host}` has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1))) {
            Ok(socket) => {
                // Requests are small and many; without this each would wait for the answer to the one before.
                socket.set_nodelay(true).map_err(|error| format!("{address}: {error}"))?;
                return Ok(socket);
            }
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(last)
}

/// The addresses of a host.
fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let name = host.to_owned();
    in_time(limit, move || (name.as_str(), port).to_socket_addrs().map(Iterator::collect)).map_or_else(
        || Err(format!("the name `{host}` was not resolved within {} seconds", limit.as_secs())),
        |found| found.map_err(|error| format!("the name `{host}` cannot be resolved: {error}")),
    )
}

/// What a function gives, unless that takes longer than the limit. The system's resolver has limits of its own, of which the
/// program knows nothing, and cannot be interrupted: its thread is left behind and ends by itself.
fn in_time<T: Send + 'static>(limit: Duration, function: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new().name("fetch-resolve".into()).spawn(move || {
        // Nobody waits for an answer that comes too late.
        let _too_late = sender.send(function());
    });
    started.ok().and_then(|_| receiver.recv_timeout(limit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_no_resolver_and_names_do() {
        let none = Duration::ZERO;
        assert_eq!(resolve("127.0.0.1", 22, none), Ok(vec![([127, 0, 0, 1], 22).into()]));
        assert_eq!(resolve("::1", 22, none), Ok(vec!["[::1]:22".parse().expect("an address")]));
        let found = resolve("localhost", 22, Duration::from_secs(60)).expect("every machine knows itself");
        assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 22));
    }

    #[test]
    fn a_resolver_that_hangs_is_not_waited_for() {
        let (_keeps_it_waiting, never) = mpsc::channel::<()>();
        assert!(in_time(Duration::from_millis(50), move || never.recv()).is_none());
        assert_eq!(in_time(Duration::from_secs(60), || 7), Some(7));
    }
}
