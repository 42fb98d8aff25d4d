//! Antom for the demonstration: both servers up over a world, on a runtime of their own.

use crate::api::{Book as ApiBook, PaymentRecord, RefundRecord, TransactionRecord};
use crate::serve::{Running, serve};
use crate::world::book::{self, Book};
use anyhow::{Context as _, Result};
use std::path::Path;
use tokio::runtime::Runtime;

/// Both servers; they answer as long as this lives.
pub(super) struct Antom {
    servers: Running,
    // After the servers, so that they are dropped while their runtime still runs.
    runtime: Runtime,
}

impl Antom {
    /// Serves `<root>/remote` over SFTP, and `book` over the API.
    pub(super) fn start(root: &Path, book: &Book) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("the servers' threads cannot be started")?;
        let servers = runtime.block_on(serve(root, api_book(book)))?;
        Ok(Self { servers, runtime })
    }

    /// The sections of the job's configuration that say where Antom is.
    pub(super) fn config_sections(&self) -> String {
        self.servers.config_sections()
    }

    /// Where the servers listen, for people.
    pub(super) fn addresses(&self) -> String {
        format!("sftp://{} and {}", self.servers.sftp.addr(), self.servers.api.url())
    }

    /// How many questions the API was asked so far.
    pub(super) fn questions(&self) -> usize {
        self.servers.api.log().total()
    }

    /// Whatever somebody tried to write on the SFTP server.
    pub(super) fn attempted_writes(&self) -> Vec<String> {
        self.servers.sftp.log().attempted_writes()
    }

    /// Stops both servers.
    pub(super) fn stop(self) {
        self.runtime.block_on(self.servers.stop());
    }
}

/// The world's book in the emulator's types. Refunds are told by both inquiries.
pub fn api_book(book: &Book) -> ApiBook {
    let payments: Vec<PaymentRecord> = book.payments.iter().map(payment).collect();
    let refunds = payments
        .iter()
        .flat_map(|payment| &payment.transactions)
        .filter(|transaction| transaction.transaction_type == "REFUND")
        .map(|refund| RefundRecord {
            refund_id: refund.transaction_id.clone(),
            refund_request_id: refund.transaction_request_id.clone(),
            status: refund.status.clone(),
            amount_minor: refund.amount_minor,
            currency: refund.currency.clone(),
            refund_time: refund.transaction_time.clone(),
        })
        .collect();
    ApiBook { payments, refunds, balances: Vec::new() }
}

fn payment(record: &book::PaymentRecord) -> PaymentRecord {
    let transactions = record.transactions.iter().map(|one| TransactionRecord {
        transaction_id: one.transaction_id.clone(),
        transaction_request_id: one.transaction_request_id.clone(),
        transaction_type: one.transaction_type.to_owned(),
        status: one.status.to_owned(),
        amount_minor: one.amount_minor.unsigned_abs(),
        currency: one.currency.to_owned(),
        transaction_time: one.time.clone(),
    });
    PaymentRecord {
        payment_id: record.payment_id.clone(),
        payment_request_id: record.payment_request_id.clone(),
        status: record.status.to_owned(),
        amount_minor: record.amount_minor.unsigned_abs(),
        currency: record.currency.to_owned(),
        payment_time: record.payment_time.clone(),
        earliest_settlement_time: record.earliest_settlement_time.clone(),
        transactions: transactions.collect(),
    }
}
