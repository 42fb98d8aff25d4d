//! Asks Antom about one payment and prints what it says.
//!
//! ```text
//! ANTOM_CLIENT_ID=SANDBOX_5X… ANTOM_PRIVATE_KEY=merchant.pem ANTOM_PUBLIC_KEY=antom.pem \
//!     cargo run -p antom-api --example inquire -- request-id order-4711
//! ```
//!
//! `ANTOM_GATEWAY` names another gateway than the Asian one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::error::Error;
use std::process::ExitCode;

use antom_api::{Answer, Client, ClientConfig, Outcome, PaymentInquiry, PaymentQuestion, PrivateKey, PublicKey};

const GATEWAY: &str = "https://open-sea-global.alipay.com";
const USAGE: &str = "usage: inquire (id PAYMENT_ID | request-id PAYMENT_REQUEST_ID)";

#[tokio::main]
async fn main() -> ExitCode {
    match inquire().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inquire: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn inquire() -> Result<(), Box<dyn Error>> {
    let question = question()?;
    let gateway = std::env::var("ANTOM_GATEWAY").unwrap_or_else(|_| GATEWAY.to_owned());
    let client = Client::new(ClientConfig::new(
        gateway,
        setting("ANTOM_CLIENT_ID")?,
        PrivateKey::from_file(setting("ANTOM_PRIVATE_KEY")?)?,
        PublicKey::from_file(setting("ANTOM_PUBLIC_KEY")?)?,
    ))?;
    show(&client.inquiry_payment(&question).await?);
    Ok(())
}

fn question() -> Result<PaymentQuestion, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [kind, id] if kind == "id" => Ok(PaymentQuestion::Id(id.clone())),
        [kind, id] if kind == "request-id" => Ok(PaymentQuestion::RequestId(id.clone())),
        _ => Err(USAGE.into()),
    }
}

fn setting(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|_| format!("environment variable `{name}` is not set").into())
}

fn show(answer: &Answer<PaymentInquiry>) {
    println!("{} Antom says {}", answer.response_time.to_rfc3339(), answer.result);
    match answer.outcome {
        Outcome::NotFound => println!("the payment does not exist"),
        Outcome::Refused => println!("Antom refuses to say more"),
        Outcome::Unknown => println!("asked {} times; ask again later", answer.attempts),
        Outcome::Found => {
            let payment = &answer.body;
            let status = payment.payment_status.as_ref().map_or("?", |status| status.as_str());
            let amount = payment.payment_amount.as_ref().map(ToString::to_string).unwrap_or_default();
            println!("payment {}: {status} {amount}", payment.payment_id.as_deref().unwrap_or("?"));
            for transaction in &payment.transactions {
                let kind = transaction.transaction_type.as_ref().map_or("?", |kind| kind.as_str());
                let status = transaction.transaction_status.as_ref().map_or("?", |status| status.as_str());
                let amount = transaction.transaction_amount.as_ref().map(ToString::to_string).unwrap_or_default();
                println!("  {kind} {}: {status} {amount}", transaction.transaction_id.as_deref().unwrap_or("?"));
            }
        }
    }
}
