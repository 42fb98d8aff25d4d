use antom_api::{AgentToken, AskError, Client, ClientConfig, PaymentQuestion};

use crate::gateway::{CLIENT_ID, Gateway, Reply, config};
use crate::openssl::{ANTOM, MERCHANT};

fn refusal(config: ClientConfig) -> String {
    Client::new(config).unwrap_err().to_string()
}

#[test]
fn plain_http_is_accepted_for_loopback_only() {
    let error = refusal(config("http://open-sea-global.alipay.com"));
    assert_eq!(
        error,
        "gateway `http://open-sea-global.alipay.com` is not encrypted, which is accepted for loopback hosts only; \
         expected for example `https://open-sea-global.alipay.com`"
    );
    assert!(Client::new(config("http://localhost:1")).is_ok());
    assert!(Client::new(config("https://open-sea-global.alipay.com")).is_ok());
}

#[test]
fn texts_that_cannot_travel_in_a_header_are_named_and_not_shown() {
    let with_id = |id: &str| ClientConfig::new("http://localhost", id, MERCHANT.private_key(), ANTOM.public_key());
    assert!(refusal(with_id("")).starts_with("the client id is empty"));
    assert!(refusal(with_id("5X00\n")).starts_with("the client id is not only visible ASCII"));
    let token = AgentToken::new("se cret".to_owned());
    let error = refusal(with_id(CLIENT_ID).agent_token(token));
    assert!(error.starts_with("the agent token is not only visible ASCII") && !error.contains("cret"), "{error}");
    assert!(refusal(with_id(CLIENT_ID).merchant_account_id("")).starts_with("the merchant account id is empty"));
}

#[test]
fn bounds_of_zero_are_refused() {
    assert_eq!(refusal(config("http://localhost").max_in_flight(0)), "`max_in_flight` is 0; expected at least 1");
    assert_eq!(refusal(config("http://localhost").max_body_bytes(0)), "`max_body_bytes` is 0; expected at least 1");
}

#[tokio::test]
async fn the_agent_token_is_sent_and_never_shown() {
    let gateway = Gateway::start([Reply::status(404)]).await;
    let client = Client::new(gateway.config().agent_token(AgentToken::new("top-secret".to_owned()))).unwrap();
    client.inquiry_payment(&PaymentQuestion::Id("1".to_owned())).await.unwrap_err();
    assert_eq!(gateway.requests()[0].header("agent-token"), "top-secret");
    let shown = format!("{client:?}");
    assert!(shown.contains("AgentToken(not shown)") && !shown.contains("top-secret"), "{shown}");
}

#[tokio::test]
async fn a_question_without_an_id_is_not_asked() {
    let gateway = Gateway::start([Reply::status(404)]).await;
    let error = gateway.client().inquiry_payment(&PaymentQuestion::Id(String::new())).await.unwrap_err();
    assert!(matches!(error, AskError::NotAsked(_)), "{error:?}");
    assert_eq!(error.to_string(), "not asked: `paymentId` is empty; expected 1 to 64 printable characters");
    assert!(gateway.requests().is_empty());
}
