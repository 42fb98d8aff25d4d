//! A marketplace with its API, a client of it, and somebody who receives notifications.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use antom_api::marketplace::{
    ACKNOWLEDGEMENT, Delivery, MerchantInfo, Notification, NotificationReader, Notified, Pay, Register,
    SettlementBankAccount, SettlementInfo, Standing,
};
use antom_api::{Amount, Client, ClientConfig, PrivateKey, PublicKey, RetryPolicy};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use lab::api::{ApiOptions, ApiServer};
use lab::keys::{ANTOM, MERCHANT};
use lab::market::{MarketOptions, Marketplace};
use lab::world::calendar::instant;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const CLIENT_ID: &str = "LAB";
pub const DAY: i64 = 86_400;
pub const HOUR: i64 = 3_600;

/// Nine in the morning of a Friday.
pub fn friday() -> i64 {
    instant("2026-11-20".parse().unwrap(), 9 * HOUR)
}

pub struct Lab {
    pub market: Marketplace,
    pub server: ApiServer,
    pub client: Client,
    pub receiver: Receiver,
}

impl Lab {
    pub async fn start() -> Self {
        Self::with(MarketOptions::new(CLIENT_ID, friday())).await
    }

    pub async fn with(options: MarketOptions) -> Self {
        let receiver = Receiver::start(&options.client_id).await;
        let client_id = options.client_id.clone();
        let market = Marketplace::new(MarketOptions { notify_url: Some(receiver.url()), ..options }).unwrap();
        let api = ApiOptions { market: Some(market.clone()), ..ApiOptions::new(&client_id) };
        let server = ApiServer::start(api).await.unwrap();
        let client = Client::new(
            ClientConfig::new(
                server.url(),
                client_id,
                PrivateKey::from_text(MERCHANT.private_pem).unwrap(),
                PublicKey::from_text(ANTOM.public_pem).unwrap(),
            )
            .retry(RetryPolicy::never()),
        )
        .unwrap();
        Self { market, server, client, receiver }
    }

    /// With sellers that are registered.
    pub async fn with_sellers(options: MarketOptions, references: &[&str]) -> Self {
        let lab = Self::with(options).await;
        for reference in references {
            let receipt = lab.client.register(&seller(reference)).await.unwrap();
            assert_eq!(receipt.standing, Standing::Done, "{}", receipt.result);
        }
        lab.market.advance(4 * DAY).await.unwrap();
        lab
    }

    /// A payment that succeeded and may be split. Answers its `paymentId`.
    pub async fn paid(&self, request_id: &str, seller: &str, minor: i64) -> String {
        self.paid_by(&pay(request_id, seller, "GCASH", minor)).await
    }

    pub async fn paid_by(&self, pay: &Pay) -> String {
        let receipt = self.client.pay(pay).await.unwrap();
        assert_eq!(receipt.standing, Standing::InProcess, "{}", receipt.result);
        self.market.advance(HOUR + 60).await.unwrap();
        receipt.body.payment_id.unwrap()
    }
}

pub fn euros(minor: i64) -> Amount {
    Amount { currency: "EUR".to_owned(), value: minor }
}

pub fn pay(request_id: &str, seller: &str, method: &str, minor: i64) -> Pay {
    Pay::new(request_id, format!("order of {request_id}"), "A lamp, \"blue\"", seller, method, euros(minor))
}

pub fn bank(number: &str) -> SettlementBankAccount {
    SettlementBankAccount {
        bank_account_no: number.to_owned(),
        account_holder_name: "A Seller".to_owned(),
        swift_code: "DEUTDEFF".to_owned(),
        bank_region: "DE".to_owned(),
        account_holder_type: "ENTERPRISE".to_owned(),
        ..SettlementBankAccount::default()
    }
}

pub fn seller(reference: &str) -> Register {
    Register {
        registration_request_id: format!("register-{reference}"),
        settlement_infos: vec![SettlementInfo {
            settlement_currency: "EUR".to_owned(),
            settlement_bank_account: bank("DE1"),
        }],
        merchant_info: MerchantInfo {
            reference_merchant_id: reference.to_owned(),
            login_id: format!("{reference}@example.com"),
            legal_entity_type: "COMPANY".to_owned(),
            more: antom_api::marketplace::Members::default(),
        },
        payment_methods: Vec::new(),
    }
}

/// Receives notifications on loopback: verifies each, keeps it, and answers as it was told to.
pub struct Receiver {
    port: u16,
    desk: Arc<Desk>,
    serving: JoinHandle<()>,
}

struct Desk {
    reader: NotificationReader,
    came: Mutex<Vec<Notified>>,
    /// Answers to give before all others are acknowledged.
    answers: Mutex<VecDeque<(u16, &'static str)>>,
}

impl Receiver {
    async fn start(client_id: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let desk = Arc::new(Desk {
            reader: NotificationReader::new(PublicKey::from_text(ANTOM.public_pem).unwrap(), client_id),
            came: Mutex::default(),
            answers: Mutex::default(),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&desk));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, desk, serving }
    }

    /// With a query, because that is signed too.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/antom?shop=1", self.port)
    }

    /// Answers the next notifications so.
    pub fn answer(&self, answers: impl IntoIterator<Item = (u16, &'static str)>) {
        self.desk.answers.lock().unwrap().extend(answers);
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<Notified> {
        std::mem::take(&mut *self.desk.came.lock().unwrap())
    }

    /// What came since the last call, by kind and the id that it is about.
    pub fn take_keys(&self) -> Vec<String> {
        let key = |notified: &Notified| notified.key().map(|(kind, id)| format!("{kind} {id}")).unwrap();
        self.take().iter().map(key).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(State(desk): State<Arc<Desk>>, headers: HeaderMap, uri: Uri, body: Bytes) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
    let delivery = Delivery {
        path: uri.path_and_query().unwrap().as_str(),
        client_id: header("client-id"),
        request_time: header("request-time"),
        signature: header("signature"),
        body: &body,
    };
    let notified = desk.reader.read(&delivery).unwrap();
    assert!(!matches!(notified.notification, Notification::Other { .. }), "{notified:?}");
    desk.came.lock().unwrap().push(notified);
    let answer = desk.answers.lock().unwrap().pop_front();
    let (status, text) = answer.unwrap_or((200, ACKNOWLEDGEMENT));
    (StatusCode::from_u16(status).unwrap(), text.to_owned())
}
