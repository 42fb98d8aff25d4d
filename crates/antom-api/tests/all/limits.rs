use std::time::{Duration, Instant};

use antom_api::{AskError, Client, Failure, Outcome, PaymentQuestion, RetryPolicy};

use crate::gateway::{Gateway, Reply, config};

const FOUND: &str =
    r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"paymentStatus":"FAIL","paymentRequestId":"order-1"}"#;

fn order() -> PaymentQuestion {
    PaymentQuestion::RequestId("order-1".to_owned())
}

async fn failure(client: &Client) -> (Failure, u32) {
    match client.inquiry_payment(&order()).await {
        Err(AskError::Unreachable { failure, attempts, .. }) => (failure, attempts),
        other => panic!("expected no answer, got {other:?}"),
    }
}

#[tokio::test]
async fn what_may_pass_is_asked_again_until_it_has_passed() {
    for obstacle in [
        Reply::result("UNKNOWN_EXCEPTION", "U"),
        Reply::result("REQUEST_TRAFFIC_EXCEED_LIMIT", "U"),
        Reply::result("SOMETHING_NEW", "?"),
        Reply::status(500),
        Reply::status(503).header("retry-after", "0"),
        Reply::status(429),
        Reply::reset(),
    ] {
        let gateway = Gateway::start([obstacle.clone(), obstacle, Reply::signed(FOUND)]).await;
        let answer = gateway.client().inquiry_payment(&order()).await.unwrap();
        assert_eq!((answer.outcome, answer.attempts, gateway.requests().len()), (Outcome::Found, 3, 3));
    }
}

#[tokio::test]
async fn each_attempt_is_signed_with_its_own_time() {
    let gateway = Gateway::start([Reply::status(500), Reply::signed(FOUND)]).await;
    let now = std::sync::atomic::AtomicI64::new(1_000);
    let clock =
        move || chrono::DateTime::from_timestamp(now.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0).unwrap();
    let client = Client::new(gateway.config().clock(clock)).unwrap();
    let answer = client.inquiry_payment(&order()).await.unwrap();
    assert_eq!(answer.asked_at.timestamp(), 1_001);
    let requests = gateway.requests();
    assert_eq!((requests[0].header("request-time"), requests[1].header("request-time")), ("1000000", "1001000"));
    assert_ne!(requests[0].header("signature"), requests[1].header("signature"));
}

#[tokio::test]
async fn attempts_run_out() {
    let gateway = Gateway::start([Reply::result("UNKNOWN_EXCEPTION", "U")]).await;
    let answer = gateway.client().inquiry_payment(&order()).await.unwrap();
    assert_eq!((answer.outcome, answer.attempts, gateway.requests().len()), (Outcome::Unknown, 3, 3));

    let gateway = Gateway::start([Reply::status(502)]).await;
    let (what, attempts) = failure(&gateway.client()).await;
    assert_eq!((what, attempts), (Failure::Status { status: 502, retry_after: None, claimed: None }, 3));

    let gateway = Gateway::start([Reply::reset()]).await;
    let (what, attempts) = failure(&gateway.client()).await;
    assert!(matches!(what, Failure::Broken(_)), "{what:?}");
    assert_eq!((attempts, gateway.requests().len()), (3, 3));

    let once = Client::new(gateway.config().retry(RetryPolicy::never())).unwrap();
    assert_eq!(failure(&once).await.1, 1);
}

#[tokio::test]
async fn nobody_listening_is_no_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let retry =
        RetryPolicy { max_attempts: 3.try_into().unwrap(), max_delay: Duration::ZERO, ..RetryPolicy::default() };
    let client = Client::new(config(&url).retry(retry)).unwrap();
    let (what, attempts) = failure(&client).await;
    assert!(matches!(what, Failure::Connection(_)), "{what:?}");
    assert_eq!(attempts, 3);
}

#[tokio::test]
async fn other_statuses_are_final_and_tell_what_the_body_claims() {
    let forbidden = Reply::status(403).but_sends(crate::gateway::result_body("INVALID_CLIENT", "F"));
    let gateway = Gateway::start([forbidden]).await;
    let (what, attempts) = failure(&gateway.client()).await;
    let claimed = Some("INVALID_CLIENT".to_owned());
    assert_eq!((what, attempts), (Failure::Status { status: 403, retry_after: None, claimed }, 1));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Gateway::start([Reply::signed(FOUND)]).await;
    for status in [301, 302, 307, 308] {
        let gateway = Gateway::start([Reply::status(status).header("location", elsewhere.url())]).await;
        let (what, attempts) = failure(&gateway.client()).await;
        assert_eq!((what, attempts), (Failure::Status { status, retry_after: None, claimed: None }, 1));
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_pause_that_the_server_asks_for_is_kept_as_far_as_the_policy_allows() {
    let gateway = Gateway::start([Reply::status(503).header("retry-after", "3600"), Reply::signed(FOUND)]).await;
    let retry = RetryPolicy { max_delay: Duration::from_millis(120), ..RetryPolicy::default() };
    let client = Client::new(gateway.config().retry(retry).randomness(|| 0)).unwrap();
    let start = Instant::now();
    client.inquiry_payment(&order()).await.unwrap();
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(120) && took < Duration::from_secs(60), "{took:?}");
}

#[tokio::test]
async fn slow_and_dripping_servers_are_given_up() {
    let silent = Reply::signed(FOUND).after(Duration::from_secs(60));
    let dripping = Reply::signed(FOUND).dripping(Duration::from_millis(40));
    for reply in [silent, dripping] {
        let gateway = Gateway::start([reply]).await;
        let config = gateway.config().retry(RetryPolicy::never());
        let config = config.connect_timeout(Duration::from_millis(200)).read_timeout(Duration::from_millis(300));
        let start = Instant::now();
        let (what, _) = failure(&Client::new(config).unwrap()).await;
        let (connect, whole) = (Duration::from_millis(200), Duration::from_millis(500));
        assert_eq!(what, Failure::TimedOut { connect, whole });
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}

#[tokio::test]
async fn the_time_for_all_questions_together_ends() {
    let silent = Reply::signed(FOUND).after(Duration::from_secs(60));
    let gateway = Gateway::start([Reply::signed(FOUND), silent]).await;
    let limit = Duration::from_secs(3);
    let client = Client::new(gateway.config().total_timeout(limit)).unwrap();
    assert_eq!(client.inquiry_payment(&order()).await.unwrap().outcome, Outcome::Found);
    let start = Instant::now();
    assert_eq!(failure(&client.clone()).await, (Failure::OutOfTime { limit }, 1));
    assert!(start.elapsed() < Duration::from_secs(30));
    // Clones share the time, and nothing is sent any more.
    assert_eq!(failure(&client).await, (Failure::OutOfTime { limit }, 0));
    assert_eq!(gateway.requests().len(), 2);
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_not_read() {
    let padding = " ".repeat(3_000);
    let long = format!("{FOUND}{padding}");
    for reply in [Reply::signed(long.clone()), Reply::signed(long.clone()).chunked()] {
        let gateway = Gateway::start([reply]).await;
        let client = Client::new(gateway.config().max_body_bytes(long.len() - 1)).unwrap();
        assert_eq!(failure(&client).await, (Failure::TooLarge { limit: long.len() - 1 }, 1));
        let client = Client::new(gateway.config().max_body_bytes(long.len())).unwrap();
        assert_eq!(client.inquiry_payment(&order()).await.unwrap().raw.as_str(), long);
    }
}

#[tokio::test]
async fn no_more_questions_are_in_flight_than_allowed() {
    let gateway = Gateway::start([Reply::signed(FOUND).after(Duration::from_millis(150))]).await;
    let client = Client::new(gateway.config().max_in_flight(3)).unwrap();
    let mut questions = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let client = client.clone();
        questions.spawn(async move { client.inquiry_payment(&order()).await.unwrap().outcome });
    }
    assert!(questions.join_all().await.iter().all(|outcome| *outcome == Outcome::Found));
    assert_eq!((gateway.requests().len(), gateway.most_at_once()), (12, 3));
}

#[tokio::test]
async fn a_server_without_tls_and_a_certificate_that_nobody_vouches_for() {
    let plain = Gateway::start([Reply::signed(FOUND)]).await;
    let https = |port: &str| config(&format!("https://127.0.0.1:{port}")).retry(RetryPolicy::never());
    let port = plain.url().rsplit(':').next().unwrap().to_owned();
    let client = Client::new(https(&port).read_timeout(Duration::from_secs(2))).unwrap();
    let (what, _) = failure(&client).await;
    assert!(matches!(what, Failure::Connection(_) | Failure::TimedOut { .. }), "{what:?}");

    let retry = RetryPolicy { base_delay: Duration::from_millis(1), ..RetryPolicy::default() };
    let server = TlsServer::start();
    let (what, attempts) = failure(&Client::new(https(&server.port).retry(retry)).unwrap()).await;
    assert!(matches!(what, Failure::Certificate(_)), "{what:?}");
    assert_eq!(attempts, 1, "the certificate will be the same the next time");
}

/// `openssl s_server` on loopback with a certificate that it signed itself.
struct TlsServer {
    process: std::process::Child,
    port: String,
    _dir: tempfile::TempDir,
}

impl TlsServer {
    fn start() -> Self {
        use std::io::BufRead as _;
        use std::process::{Command, Stdio};
        let dir = tempfile::tempdir().unwrap();
        let (key, certificate) = (dir.path().join("key.pem"), dir.path().join("certificate.pem"));
        let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
        let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"];
        let names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate];
        crate::openssl::run(&[&request[..], &names].concat(), b"");
        let serve = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key];
        let mut command = Command::new("openssl");
        command.args(serve).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let lines = std::io::BufReader::new(process.stdout.take().unwrap()).lines();
        let mut accepting =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        let port = accepting.next().and_then(|address| address.rsplit(':').next().map(str::to_owned)).unwrap();
        TlsServer { process, port, _dir: dir }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        // Already gone is as good as stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
