//! The wire itself, between a server that says back what it hears and a plain socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use lab::wire::{Connections, Disturbance, Ending, Fault, Traffic, Wire};

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// What [`stays_silent`] waits before it calls a line silent.
const SILENCE: Duration = Duration::from_millis(300);

/// A server that says back whatever it hears, in good order to the end.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || {
                let (mut from, mut to) = (client.as_ref().unwrap(), client.as_ref().unwrap());
                let _cut = std::io::copy(&mut from, &mut to);
                let _cut = to.shutdown(Shutdown::Write);
            });
        }
    });
    addr
}

fn connect(wire: &Wire) -> TcpStream {
    let stream = TcpStream::connect(wire.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes and the end, and gives what comes back with the error that ended it, if one did: whoever of sender and reader comes
/// first is told of a reset, and the other is not.
fn exchange(wire: &Wire, bytes: &[u8]) -> (Vec<u8>, Option<ErrorKind>) {
    let mut stream = connect(wire);
    let (mut sender, sent) = (stream.try_clone().unwrap(), bytes.to_vec());
    let sending = thread::spawn(move || {
        let written = sender.write_all(&sent);
        let _cut = sender.shutdown(Shutdown::Write);
        written
    });
    let mut heard = Vec::new();
    let read = stream.read_to_end(&mut heard);
    let error = sending.join().unwrap().and(read.map(drop)).err();
    (heard, error.map(|error| error.kind()))
}

/// Whether nothing comes, and the line is still there.
fn stays_silent(stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let waited = (&mut &*stream).read(&mut [0]).map_err(|error| error.kind());
    matches!(waited, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[test]
fn a_line_in_order_carries_everything_both_ways() {
    let wire = Wire::start(echo()).unwrap();
    let sent = bytes(1_000_000);
    assert_eq!(exchange(&wire, &sent), (sent, None));
    let all = Traffic { to_server: 1_000_000, to_client: 1_000_000 };
    assert_eq!((wire.traffic(), wire.struck(), wire.most_open()), (vec![all], 0, 1));
}

#[test]
fn a_cut_comes_after_so_many_bytes_in_either_direction_and_manner() {
    for ending in [Ending::Fin, Ending::Reset] {
        let fault = Disturbance::of(Fault::Cut { after: 100_000, ending });
        let wire = Wire::disturbed(echo(), fault).unwrap();
        let (heard, error) = exchange(&wire, &bytes(1_000_000));
        match ending {
            // Client and server may both have bytes under way, which turn an end in good order into a reset.
            Ending::Fin => assert!(heard == bytes(100_000) || error.is_some(), "{error:?}"),
            Ending::Reset => assert_eq!(error, Some(ErrorKind::ConnectionReset)),
        }
        assert_eq!((wire.traffic()[0].to_client, wire.struck()), (100_000, 1));

        let wire = Wire::disturbed(echo(), fault.to_server()).unwrap();
        exchange(&wire, &bytes(1_000_000));
        assert_eq!((wire.traffic()[0].to_server, wire.struck()), (100_000, 1));
    }
}

#[test]
fn a_cut_in_good_order_looks_like_an_end() {
    let wire = Wire::disturbed(echo(), Disturbance::of(Fault::Cut { after: 3, ending: Ending::Fin })).unwrap();
    let mut stream = connect(&wire);
    stream.write_all(b"hello").unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"hel");
}

#[test]
fn a_half_open_line_stays_connected_and_says_nothing() {
    for disturbance in [Disturbance::of(Fault::HalfOpen { after: 3 }), Disturbance::of(Fault::HalfOpen { after: 0 })] {
        let wire = Wire::disturbed(echo(), disturbance).unwrap();
        let mut stream = connect(&wire);
        stream.write_all(b"hello").unwrap();
        let Fault::HalfOpen { after } = disturbance.fault else { unreachable!() };
        let mut heard = vec![0; usize::try_from(after).unwrap()];
        stream.read_exact(&mut heard).unwrap();
        assert!(heard == b"hel"[..heard.len()] && stays_silent(&stream));
        // The other direction is dead as well.
        stream.write_all(b"more").unwrap();
        assert!(stays_silent(&stream));
        assert!(wire.traffic()[0].to_server <= 5, "{:?}", wire.traffic());
        assert_eq!(wire.struck(), 1);
        drop(wire);
        // The end of the wire ends what it holds.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    }
}

#[test]
fn a_stalled_line_takes_connections_and_the_server_hears_nothing() {
    let wire = Wire::disturbed(echo(), Disturbance::of(Fault::Stall)).unwrap();
    let mut stream = connect(&wire);
    stream.write_all(b"hello").unwrap();
    assert!(stays_silent(&stream));
    assert_eq!((wire.struck(), wire.traffic()[0].to_server), (1, 0));
}

#[test]
fn a_refusing_line_refuses_until_it_is_opened() {
    let mut wire = Wire::refusing(echo(), 0).unwrap();
    let error = TcpStream::connect(wire.addr()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    wire.open().unwrap();
    assert_eq!(exchange(&wire, b"hello"), (b"hello".to_vec(), None));
}

#[test]
fn one_bit_of_one_byte_is_turned() {
    for place in [0, 4, 99_999] {
        let wire = Wire::disturbed(echo(), Disturbance::of(Fault::Flip { at: place })).unwrap();
        let sent = bytes(200_000);
        let (heard, _) = exchange(&wire, &sent);
        let other: Vec<usize> = (0..sent.len()).filter(|&at| heard[at] != sent[at]).collect();
        let place = usize::try_from(place).unwrap();
        assert_eq!((other, (heard[place] ^ sent[place]).count_ones()), (vec![place], 1));
    }
}

#[test]
fn only_the_connections_that_are_meant_are_disturbed() {
    let cut = Disturbance::of(Fault::Cut { after: 0, ending: Ending::Reset });
    for (connections, disturbed) in
        [(Connections::Nth(2), vec![2]), (Connections::First(2), vec![1, 2]), (Connections::All, vec![1, 2, 3])]
    {
        let wire = Wire::disturbed(echo(), cut.on(connections)).unwrap();
        let broken: Vec<usize> = (1..=3).filter(|_| exchange(&wire, b"hello").0 != b"hello").collect::<Vec<_>>();
        assert_eq!((broken, wire.struck()), (disturbed.clone(), disturbed.len()));
        wire.mend();
        assert_eq!(exchange(&wire, b"hello").0, b"hello");
    }
}

#[test]
fn late_and_dripping_lines_take_their_time_and_lose_nothing() {
    let late = Fault::Late(Duration::from_millis(200));
    let drops = Fault::Trickle { bytes: 10, pause: Duration::from_millis(20) };
    for (fault, length, least) in [(late, 1_000_000, 200), (drops, 100, 200)] {
        let wire = Wire::disturbed(echo(), Disturbance::of(fault)).unwrap();
        let (sent, started) = (bytes(length), Instant::now());
        assert_eq!(exchange(&wire, &sent), (sent, None));
        assert!(started.elapsed() >= Duration::from_millis(least), "{fault:?}: {:?}", started.elapsed());
    }
}

#[test]
fn a_server_that_is_not_there_is_no_line() {
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let wire = Wire::start(nobody).unwrap();
    let ended = exchange(&wire, b"hello").1;
    // The reset may be there before the first byte is sent.
    assert!(matches!(ended, Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)), "{ended:?}");
}
