//! Antom's API side: the three inquiries that a reconciliation needs, and with a [`Marketplace`] all of a marketplace's calls;
//! strict about signatures, signing its answers.
//!
//! | Emulated | Source in the fact sheet |
//! |---|---|
//! | hosts' paths, production and sandbox | 6.1 |
//! | headers, what is signed and how | 6.2, 6.3 |
//! | amounts and times in bodies | 6.4 |
//! | `inquiryPayment`, `inquiryRefund`, `inquireBalance` | 6.6, 1.4 |
//! | result codes, unsigned refusals of the gateway | 6.2, 6.9 |
//!
//! Where Antom's pages are silent the choice is marked as our assumption where it is made. Nothing here comes from the
//! API client of this workspace: two sides that share code would share its errors.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use lab::api::{ApiFault, ApiOptions, ApiServer, Endpoint, Repeat, Scope};
//!
//! let server = ApiServer::start(ApiOptions::new("LAB_CLIENT")).await?;
//! server.faults().plan(Scope::id("pay-1"), ApiFault::Throttled, Repeat::Times(2));
//! // … run the job against server.url() …
//! assert_eq!(server.log().count(Endpoint::InquiryPayment, "pay-1"), 3);
//! server.stop().await;
//! # Ok(()) }
//! ```

mod book;
mod faults;
mod gateway;
mod inquiry;
mod line;
mod log;
mod respond;
mod signing;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::book::{ApiState, BalanceRecord, Book, PaymentRecord, RefundRecord, TransactionRecord};
pub use self::faults::{ApiFault, ApiFaults, Repeat, Scope};
use self::gateway::Gateway;
pub(crate) use self::inquiry::result_only;
use self::line::Line;
pub use self::log::{ApiLog, Endpoint, Question};
use self::respond::{App, respond};
use self::signing::Verifier;
pub(crate) use self::signing::{Signed, Signer};
use crate::keys::{ANTOM, MERCHANT, STRANGER};
use crate::market::Marketplace;

/// How far `request-time` may be from the server's clock unless said otherwise. Antom publishes no figure.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// How to start an [`ApiServer`].
pub struct ApiOptions {
    /// The only client. If it begins with `SANDBOX_` it is known on the sandbox path, else on the production path.
    pub client_id: String,
    /// The client's public key, PEM or bare base64.
    pub merchant_public_key: String,
    /// The key that signs answers, PKCS#8 in PEM or bare base64.
    pub antom_private_key: String,
    /// The public half of it, handed out by [`ApiServer::antom_public_key_pem`].
    pub antom_public_key_pem: String,
    /// How far `request-time` may be from the server's clock.
    pub clock_skew: Duration,
    /// What the server knows; keep a clone to change it later, or use [`ApiServer::state`].
    pub state: ApiState,
    /// Answers in place of the state, and knows the calls that change something.
    pub market: Option<Marketplace>,
    /// What goes wrong; keep a clone to change it later, or use [`ApiServer::faults`].
    pub faults: ApiFaults,
    /// Loopback port; 0 takes a free one.
    pub port: u16,
}

impl ApiOptions {
    /// The laboratory's own keys, an empty book, a free port, no faults.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            merchant_public_key: MERCHANT.public_pem.to_owned(),
            antom_private_key: ANTOM.private_pem.to_owned(),
            antom_public_key_pem: ANTOM.public_pem.to_owned(),
            clock_skew: CLOCK_SKEW,
            state: ApiState::default(),
            market: None,
            faults: ApiFaults::default(),
            port: 0,
        }
    }
}

/// A running API. Stops when dropped.
pub struct ApiServer {
    addr: SocketAddr,
    app: Arc<App>,
    antom_public_key_pem: String,
    serving: JoinHandle<std::io::Result<()>>,
}

impl ApiServer {
    /// Starts listening on `127.0.0.1`.
    ///
    /// # Errors
    /// When a key cannot be read or the port is taken.
    pub async fn start(options: ApiOptions) -> Result<Self> {
        let gateway = Gateway {
            calls: if options.market.is_some() { &Endpoint::ALL } else { &Endpoint::INQUIRIES },
            client_id: options.client_id,
            merchant_key: Verifier::new(&options.merchant_public_key).context("the merchant's key")?,
            clock_skew: options.clock_skew,
        };
        let app = Arc::new(App {
            gateway,
            signer: Signer::new(&options.antom_private_key).context("Antom's key")?,
            stranger: Signer::new(STRANGER.private_pem).context("the stranger's key")?,
            state: options.state,
            market: options.market,
            faults: options.faults,
            log: ApiLog::default(),
            stopped: AtomicBool::new(false),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| format!("the API cannot listen on 127.0.0.1:{}", options.port))?;
        let addr = listener.local_addr()?;
        let router = Router::new().fallback(respond).with_state(Arc::clone(&app));
        let service = router.into_make_service_with_connect_info::<Line>();
        let serving = tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(Self { addr, app, antom_public_key_pem: options.antom_public_key_pem, serving })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The gateway's address, `http://127.0.0.1:<port>` without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The key that verifies the answers.
    #[must_use]
    pub fn antom_public_key_pem(&self) -> &str {
        &self.antom_public_key_pem
    }

    /// What the server knows; changeable at any time.
    #[must_use]
    pub fn state(&self) -> &ApiState {
        &self.app.state
    }

    /// What goes wrong; settable at any time.
    #[must_use]
    pub fn faults(&self) -> &ApiFaults {
        &self.app.faults
    }

    /// What was asked so far.
    #[must_use]
    pub fn log(&self) -> &ApiLog {
        &self.app.log
    }

    /// Frees the port; connections that are still open are reset at their next request.
    pub async fn stop(mut self) {
        self.end();
        // It was told to end, so that it ended early is no news.
        let _cancelled = (&mut self.serving).await;
    }
}

impl ApiServer {
    fn end(&self) {
        self.app.stopped.store(true, Ordering::Relaxed);
        self.serving.abort();
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.end();
    }
}
