//! A running marketplace: calls change it, and whoever moves its clock lets the rest happen.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow};
use chrono::NaiveDate;
use serde_json::Value;

use super::calls::NewDispute;
use super::options::MarketOptions;
use super::outbox::{Sent, acknowledges};
use super::plans::{Bank, Buyer, Verdict};
use super::post::{Address, post};
use super::records::Review;
use super::reports::ReportText;
use super::state::{Market, Post};
use crate::api::{Endpoint, Signed, Signer};
use crate::keys::ANTOM;
use crate::world::calendar::{after, day_of, instant};

/// A marketplace at Antom, shared by the API, the control port and tests.
#[derive(Clone)]
pub struct Marketplace(Arc<Shared>);

struct Shared {
    market: Mutex<Market>,
    /// One at a time moves the clock or delivers notifications.
    driving: tokio::sync::Mutex<()>,
    signer: Signer,
    client_id: String,
    reports: Option<PathBuf>,
}

impl Marketplace {
    /// A marketplace without sellers.
    ///
    /// # Errors
    /// When Antom's key cannot be read.
    pub fn new(options: MarketOptions) -> Result<Self> {
        Ok(Self(Arc::new(Shared {
            signer: Signer::new(ANTOM.private_pem).context("Antom's key")?,
            client_id: options.client_id.clone(),
            reports: options.reports.clone(),
            market: Mutex::new(Market::new(options)),
            driving: tokio::sync::Mutex::new(()),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Market> {
        self.0.market.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answer(&self, endpoint: Endpoint, body: &[u8]) -> Value {
        self.lock().answer(endpoint, body)
    }

    /// What the clock shows: seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.lock().now
    }

    /// The day that is not over yet.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        day_of(self.now())
    }

    /// Moves the clock on. Everything that is due on the way happens in its order, and every notification that is due is sent and
    /// its answer awaited. The clock never goes back.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub async fn advance_to(&self, at: i64) -> Result<()> {
        let _alone = self.0.driving.lock().await;
        let mut written = self.lock().closed.len();
        loop {
            let post = self.lock().step(at);
            // Reports of a day are on the server before anything of the next day happens.
            let closed: Vec<(NaiveDate, Vec<ReportText>)> = self.lock().closed[written..].to_vec();
            written += closed.len();
            closed.iter().try_for_each(|(_, reports)| self.write(reports))?;
            let Some(post) = post else { return Ok(()) };
            let outcome = self.deliver(&post).await;
            self.lock().delivered(post.index, outcome.map_err(|error| format!("{error:#}")));
        }
    }

    /// Moves the clock on by so many seconds; with 0, waits until all that is due now has happened.
    ///
    /// # Errors
    /// As [`advance_to`](Self::advance_to).
    pub async fn advance(&self, seconds: i64) -> Result<()> {
        let to = self.now() + seconds.max(0);
        self.advance_to(to).await
    }

    /// Ends the day: batches are made and paid out if it is a business day, the reports are put on the server, and the clock shows
    /// the next day's midnight. Answers the day's reports.
    ///
    /// # Errors
    /// As [`advance_to`](Self::advance_to).
    pub async fn close_day(&self) -> Result<Vec<ReportText>> {
        let day = self.today();
        self.advance_to(instant(after(day, 1), 0)).await?;
        let market = self.lock();
        let closed = market.closed.iter().find(|(closed, _)| *closed == day);
        closed.map(|(_, reports)| reports.clone()).with_context(|| format!("{day} did not end"))
    }

    async fn deliver(&self, post_of: &Post) -> Result<()> {
        let address = Address::parse(&post_of.url)?;
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let (time, body) = (millis.to_string(), post_of.body.as_str());
        let client_id = &self.0.client_id;
        let signed = Signed { path: &address.path, client_id, time: &time, body: body.as_bytes() };
        let signature = self.0.signer.header(&signed)?;
        let headers = [("client-id", client_id.clone()), ("request-time", time.clone()), ("signature", signature)];
        let (status, answer) = post(&address, &headers, body).await?;
        acknowledges(status, &answer).map_err(|problem| anyhow!("not acknowledged: {problem}"))
    }

    fn write(&self, reports: &[ReportText]) -> Result<()> {
        let Some(root) = &self.0.reports else { return Ok(()) };
        reports.iter().try_for_each(|report| write(root, report))
    }

    /// Sends what is due now, without moving the clock, on a task of its own.
    pub(crate) fn flush_soon(&self) {
        let market = self.clone();
        tokio::spawn(async move {
            // A report that cannot be written is told to whoever moves the clock past its day.
            let _told_elsewhere = market.advance(0).await;
        });
    }

    /// All notifications so far, and what became of them.
    #[must_use]
    pub fn notifications(&self) -> Vec<Sent> {
        self.lock().sent.clone()
    }

    /// The registry of sub-merchants as the job reads it: `sub_merchant_id, merchant_id, status, registered_on`.
    #[must_use]
    pub fn registry_csv(&self) -> String {
        let market = self.lock();
        let mut text = String::from("sub_merchant_id,merchant_id,status,registered_on\n");
        for seller in market.sellers.values().filter(|seller| seller.status != Review::Processing) {
            let (status, day) = (seller.status.word(), day_of(seller.registered_at));
            text.push_str(&format!("{},{},{status},{day}\n", seller.reference, seller.merchant_id));
        }
        text
    }

    /// What each account holds, in the smallest unit, by reference (empty for the marketplace) and currency; a debt is negative.
    #[must_use]
    pub fn holdings(&self) -> BTreeMap<(String, String), i64> {
        let market = self.lock();
        let of = |(party, money): (&super::accounts::Party, super::money::Money)| {
            ((party.reference().to_owned(), money.currency.code.to_owned()), money.minor)
        };
        market.accounts.all().map(of).collect()
    }
}

/// What others do, and the settings of the dashboard.
impl Marketplace {
    /// Where notifications go when a request names no address.
    pub fn set_notify_url(&self, url: Option<String>) {
        self.lock().options.notify_url = url;
    }

    /// What the buyer of a payment will do, by `paymentRequestId`; to be said before `pay`.
    pub fn plan_buyer(&self, payment_request_id: &str, buyer: Buyer) {
        self.lock().plans.buyers.insert(payment_request_id.to_owned(), buyer);
    }

    /// What the bank will do, by `captureRequestId`, `refundRequestId` or `transferRequestId`.
    pub fn plan_bank(&self, request_id: &str, bank: Bank) {
        self.lock().plans.banks.insert(request_id.to_owned(), bank);
    }

    /// What a review will end with, by `registrationRequestId` or `updateRequestId`.
    pub fn plan_review(&self, request_id: &str, verdict: Verdict) {
        self.lock().plans.verdicts.insert(request_id.to_owned(), verdict);
    }

    /// A buyer disputes a card payment. Answers the `disputeId`.
    ///
    /// # Errors
    /// When the payment cannot be disputed so.
    pub fn open_dispute(&self, dispute: &NewDispute) -> Result<String> {
        self.lock().open_dispute(dispute).map_err(anyhow::Error::msg)
    }

    /// The scheme decides a dispute: `Some` amount is deducted from the seller, `None` is for the seller.
    ///
    /// # Errors
    /// When there is no such open dispute.
    pub fn judge_dispute(&self, dispute_id: &str, deducted: Option<i64>) -> Result<()> {
        self.lock().judge(dispute_id, deducted).map_err(anyhow::Error::msg)
    }

    /// The buyer withdraws a dispute.
    ///
    /// # Errors
    /// When there is no such open dispute.
    pub fn withdraw_dispute(&self, dispute_id: &str) -> Result<()> {
        self.lock().withdraw(dispute_id).map_err(anyhow::Error::msg)
    }

    /// What a dispute had cost comes back.
    ///
    /// # Errors
    /// When nothing was deducted.
    pub fn reverse_dispute(&self, dispute_id: &str) -> Result<()> {
        self.lock().reverse(dispute_id).map_err(anyhow::Error::msg)
    }

    /// A refund that had succeeded bounces, by `refundRequestId`.
    ///
    /// # Errors
    /// When there is none that can bounce.
    pub fn bounce_refund(&self, refund_request_id: &str) -> Result<()> {
        self.lock().bounce(refund_request_id).map_err(anyhow::Error::msg)
    }
}

/// Puts a report in its place in one step, so that nobody reads half of it.
fn write(root: &Path, report: &ReportText) -> Result<()> {
    let path = root.join(&report.path);
    let failed = || format!("writing `{}`", path.display());
    let folder = path.parent().with_context(failed)?;
    fs::create_dir_all(folder).with_context(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(root).with_context(failed)?;
    file.write_all(report.text.as_bytes()).with_context(failed)?;
    file.persist(&path).with_context(failed)?;
    Ok(())
}
