//! What a marketplace's own program would be: calls through `antom-api`, and a ledger of what Antom said.

use std::fmt::Write as _;

use antom_api::marketplace::{
    AcceptDispute, Cancel, Capture, MerchantInfo, Pay, Receipt, Refund, RefundFrom, Register, Settle,
    SettlementBankAccount, SettlementDetail, SettlementInfo, Standing,
};
use antom_api::{Amount, Client, ClientConfig, PaymentInquiry, PaymentQuestion, PrivateKey, PublicKey};
use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, FixedOffset};
use lab::market::Marketplace;
use lab::serve::{CLIENT_ID, Running};

/// The columns of the job's contract.
const HEADER: &str = "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,\
sub_merchant_id,amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id";

/// So many euro cents.
pub fn euros(value: i64) -> Amount {
    Amount { currency: "EUR".to_owned(), value }
}

/// One row of the ledger; amounts are signed from the marketplace's side.
#[derive(Clone, Default)]
struct Entry {
    sort: &'static str,
    request_id: String,
    antom_id: String,
    /// The payment's request id and id, for what happened to a payment.
    original: (String, String),
    order_id: String,
    seller: String,
    minor: i64,
    at: Option<DateTime<FixedOffset>>,
    settle_to: &'static str,
    refund_from: &'static str,
}

/// A payment as the marketplace remembers it.
#[derive(Clone)]
struct Sale {
    request_id: String,
    id: String,
    seller: String,
    minor: i64,
    /// What was refunded before the split.
    refunded_unsettled: i64,
}

/// The marketplace: its client, what it sold, its books.
pub struct Shop {
    client: Client,
    market: Marketplace,
    sales: Vec<Sale>,
    entries: Vec<Entry>,
}

impl Shop {
    /// A marketplace that nobody sells on yet, with the keys that the laboratory wrote.
    pub fn new(servers: &Running, market: Marketplace) -> Result<Self> {
        let files = &servers.files;
        let private_key = PrivateKey::from_file(&files.merchant_private_key)?;
        let public_key = PublicKey::from_file(&files.antom_public_key)?;
        let client = Client::new(ClientConfig::new(servers.api.url(), CLIENT_ID, private_key, public_key))?;
        Ok(Self { client, market, sales: Vec::new(), entries: Vec::new() })
    }

    /// For calls that this shop does not book.
    #[allow(dead_code, reason = "the example needs none; a test shares this file")]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Proposes a seller; Antom's review takes days.
    pub async fn onboard(&self, reference: &str) -> Result<()> {
        let register = Register {
            registration_request_id: format!("register-{reference}"),
            settlement_infos: vec![SettlementInfo {
                settlement_currency: "EUR".to_owned(),
                settlement_bank_account: SettlementBankAccount {
                    bank_account_no: format!("DE-{reference}"),
                    account_holder_name: reference.to_owned(),
                    swift_code: "DEUTDEFF".to_owned(),
                    bank_region: "DE".to_owned(),
                    account_holder_type: "ENTERPRISE".to_owned(),
                    ..SettlementBankAccount::default()
                },
            }],
            merchant_info: MerchantInfo {
                reference_merchant_id: reference.to_owned(),
                login_id: format!("{reference}@example.com"),
                legal_entity_type: "COMPANY".to_owned(),
                more: Default::default(),
            },
            payment_methods: Vec::new(),
        };
        done(&self.client.register(&register).await?)
    }

    /// Sells something, and books the payment when the buyer has paid. Answers the `paymentId`.
    pub async fn sell(&mut self, what: &str, seller: &str, method: &str, minor: i64) -> Result<String> {
        self.pay(Pay::new(what, format!("order-{what}"), what, seller, method, euros(minor)), "PAYMENT").await
    }

    /// The same by card, to be captured later.
    pub async fn authorise(&mut self, what: &str, seller: &str, minor: i64) -> Result<String> {
        let pay = Pay::new(what, format!("order-{what}"), what, seller, "CARD", euros(minor));
        self.pay(pay.manual_capture(), "AUTHORIZATION").await
    }

    async fn pay(&mut self, pay: Pay, sort: &'static str) -> Result<String> {
        let receipt = self.client.pay(&pay).await?;
        ensure!(receipt.standing == Standing::InProcess, "`pay` was answered with {}", receipt.result);
        // The buyer takes half a minute.
        self.market.advance(30).await?;
        let payment = self.inquire(&pay.payment_request_id).await?;
        let id = payment.payment_id.context("no paymentId")?;
        let seller = pay.order.merchant.reference_merchant_id.clone();
        self.sales.push(Sale {
            request_id: pay.payment_request_id.clone(),
            id: id.clone(),
            seller: seller.clone(),
            minor: pay.payment_amount.value,
            refunded_unsettled: 0,
        });
        self.entries.push(Entry {
            sort,
            request_id: pay.payment_request_id,
            antom_id: id.clone(),
            order_id: pay.order.reference_order_id,
            seller,
            minor: pay.payment_amount.value,
            at: payment.payment_time,
            ..Entry::default()
        });
        Ok(id)
    }

    async fn inquire(&self, request_id: &str) -> Result<PaymentInquiry> {
        let question = PaymentQuestion::RequestId(request_id.to_owned());
        Ok(self.client.inquiry_payment(&question).await?.body)
    }

    /// Captures a part of an authorisation, and books it.
    pub async fn capture(&mut self, capture: &Capture) -> Result<()> {
        let receipt = self.client.capture(capture).await?;
        done(&receipt)?;
        let sale = self.sale(&capture.payment_id)?.clone();
        let id = receipt.body.capture_id.context("no captureId")?;
        let mut entry = about(&sale, "CAPTURE", (&capture.capture_request_id, &id), capture.capture_amount.value);
        entry.at = receipt.body.capture_time;
        self.entries.push(entry);
        Ok(())
    }

    /// Cancels a sale, and books it.
    pub async fn cancel(&mut self, cancel: &Cancel) -> Result<()> {
        let receipt = self.client.cancel(cancel).await?;
        done(&receipt)?;
        let id = receipt.body.payment_id.context("no paymentId")?;
        let sale = self.sale(&id)?.clone();
        let mut entry = about(&sale, "CANCEL", (&sale.request_id, &id), -sale.minor);
        entry.at = receipt.body.cancel_time;
        self.entries.push(entry);
        Ok(())
    }

    /// Splits a sale; what each side gets. The ledger books the seller's share before refunds, which have entries of their own.
    pub async fn settle(&mut self, id: &str, payment_id: &str, seller: &str, shares: (i64, i64)) -> Result<()> {
        let details = vec![SettlementDetail::seller(euros(shares.0)), SettlementDetail::marketplace(euros(shares.1))];
        let receipt = self.client.settle(&Settle::new(id, payment_id, details)).await?;
        done(&receipt)?;
        let sale = self.sale(payment_id)?.clone();
        let settlement_id = receipt.body.settlement_id.context("no settlementId")?;
        // The answer has no time of the split; here the laboratory's clock is the shop's.
        let at = DateTime::from_timestamp(self.market.now(), 0).map(|at| at.fixed_offset());
        let both = [("SELLER", seller, shares.0 + sale.refunded_unsettled), ("MARKETPLACE", "", shares.1)];
        for (settle_to, party, minor) in both {
            let mut entry = about(&sale, "SETTLEMENT", (id, &settlement_id), minor);
            (entry.settle_to, entry.seller, entry.at) = (settle_to, party.to_owned(), at);
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Gives back so much, from one source, and books it.
    pub async fn refund(&mut self, id: &str, payment_id: &str, minor: i64, from: RefundFrom) -> Result<()> {
        let receipt = self.client.refund(&Refund::new(id, payment_id, euros(minor), from)).await?;
        done(&receipt)?;
        let refund_id = receipt.body.refund_id.context("no refundId")?;
        let sale = self.sale(payment_id)?;
        if from == RefundFrom::UnsettledFunds {
            sale.refunded_unsettled += minor;
        }
        let sale = sale.clone();
        let mut entry = about(&sale, "REFUND", (id, &refund_id), -minor);
        entry.at = receipt.body.refund_time;
        entry.refund_from = match from {
            RefundFrom::Seller => "SELLER",
            RefundFrom::Marketplace => "MARKETPLACE",
            RefundFrom::UnsettledFunds => "UNSETTLED_FUNDS",
        };
        self.entries.push(entry);
        Ok(())
    }

    /// Accepts a dispute about a sale.
    pub async fn give_up(&mut self, dispute_id: &str, what: &str, minor: i64) -> Result<()> {
        let receipt = self.client.accept_dispute(&AcceptDispute { dispute_id: dispute_id.to_owned() }).await?;
        done(&receipt)?;
        let sale = self.sales.iter().find(|sale| sale.request_id == what).context("no such sale")?.clone();
        let mut entry = about(&sale, "DISPUTE", ("", dispute_id), -minor);
        entry.at = receipt.body.dispute_resolution_time;
        self.entries.push(entry);
        Ok(())
    }

    /// Whether all accounts at Antom were emptied by the payout.
    pub fn check_payouts(&self) -> Result<()> {
        let left = self.market.holdings().into_iter().find(|(_, minor)| *minor != 0);
        ensure!(left.is_none(), "after the payout, this is left at Antom: {left:?}");
        Ok(())
    }

    /// Takes an entry out of the books.
    pub fn forget(&mut self, request_id: &str) {
        self.entries.retain(|entry| entry.request_id != request_id);
    }

    /// The books in the columns that the job reads.
    pub fn ledger_csv(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for (number, entry) in self.entries.iter().enumerate() {
            let Entry { sort, request_id, antom_id, original, order_id, seller, minor, .. } = entry;
            let at = entry.at.map(|at| at.to_rfc3339()).unwrap_or_default();
            let (settle_to, refund_from) = (entry.settle_to, entry.refund_from);
            writeln!(
                text,
                "{number:04},{sort},{request_id},{antom_id},{},{},{order_id},{seller},{minor},EUR,SUCCESS,{at},\
                 {settle_to},{refund_from},",
                original.0, original.1
            )
            .expect("writing to a string cannot fail");
        }
        text
    }

    fn sale(&mut self, payment_id: &str) -> Result<&mut Sale> {
        self.sales.iter_mut().find(|sale| sale.id == payment_id).context("no such sale")
    }
}

fn about(sale: &Sale, sort: &'static str, ids: (&str, &str), minor: i64) -> Entry {
    Entry {
        sort,
        request_id: ids.0.to_owned(),
        antom_id: ids.1.to_owned(),
        original: (sale.request_id.clone(), sale.id.clone()),
        order_id: format!("order-{}", sale.request_id),
        seller: sale.seller.clone(),
        minor,
        ..Entry::default()
    }
}

fn done<T>(receipt: &Receipt<T>) -> Result<()> {
    ensure!(receipt.standing == Standing::Done, "Antom answered {}", receipt.result);
    Ok(())
}
