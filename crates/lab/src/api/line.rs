//! A connection's line, to reset it in place of an answer.

use std::net::{Shutdown, TcpStream as StdStream};
use std::os::fd::AsFd;
use std::sync::Arc;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::{TcpListener, TcpStream};

/// A second handle on a connection's socket; absent when the system gave none.
#[derive(Clone)]
pub(super) struct Line(Option<Arc<StdStream>>);

impl Connected<IncomingStream<'_, TcpListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let second = stream.io().as_fd().try_clone_to_owned();
        Self(second.ok().map(|socket| Arc::new(StdStream::from(socket))))
    }
}

impl Line {
    /// Resets the connection: the client sees an error, never a byte of an answer. Does not return; the HTTP server
    /// drops the request when it notices that nobody can be reading.
    pub(super) async fn reset(&self) -> ! {
        if let Some(socket) = &self.0 {
            // With no lingering the close that follows is a reset. If that cannot be set, it is an early end instead,
            // which is as good.
            if let Ok(socket) = socket.try_clone().and_then(TcpStream::from_std) {
                let _as_good = socket.set_zero_linger();
            }
            let _gone_already = socket.shutdown(Shutdown::Read);
        }
        std::future::pending::<std::convert::Infallible>().await;
        unreachable!("a pending future never ends")
    }
}
