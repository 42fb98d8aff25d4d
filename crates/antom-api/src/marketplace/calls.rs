//! The calls of [`Client`].

use super::{
    AcceptDispute, Cancel, CancelReceipt, Capture, CaptureReceipt, Consult, ConsultReceipt, DefenseDocument,
    DisputeEvidence, DisputeReceipt, DownloadDisputeEvidence, Pay, PayReceipt, Receipt, Refund, RefundReceipt,
    Register, RegisterReceipt, Settle, SettleReceipt, Transfer, TransferReceipt, UpdateSettlementInfo,
    UpdateSettlementInfoReceipt,
};
use crate::client::Client;
use crate::error::AskError;
use crate::question::Question;

macro_rules! calls {
    ($( $(#[$about:meta])* $name:ident($request:ty) -> $body:ty; )+) => {
        /// Calls that change something, behind the feature `marketplace`. For all of them an [`AskError`] means that nothing is
        /// known; see the [module](super).
        impl Client {
            $(
                $(#[$about])*
                ///
                /// # Errors
                ///
                /// [`AskError`]: there is no evidence of what came of it. Refusals are receipts, not errors.
                pub async fn $name(&self, request: &$request) -> Result<Receipt<$body>, AskError> {
                    self.call(request).await
                }
            )+
        }
    };
}

calls! {
    /// `register`: proposes a sub-merchant. The review's result comes by `notifyRegistration`, days later.
    register(Register) -> RegisterReceipt;
    /// `settlementInfo/update`: another bank account for a sub-merchant and currency.
    update_settlement_info(UpdateSettlementInfo) -> UpdateSettlementInfoReceipt;
    /// `consult`: which payment methods can be offered.
    consult(Consult) -> ConsultReceipt;
    /// `pay`: asks for a payment. What comes of it is said by `notifyPayment` or
    /// [`inquiry_payment`](Client::inquiry_payment).
    pay(Pay) -> PayReceipt;
    /// `capture`: takes an authorised amount, or a part of it.
    capture(Capture) -> CaptureReceipt;
    /// `cancel`: undoes a payment as a whole, within the method's window.
    cancel(Cancel) -> CancelReceipt;
    /// `settle`: splits what was paid between seller and marketplace, from `earliestSettlementTime` on.
    settle(Settle) -> SettleReceipt;
    /// `refund`: gives back all or a part, from the sources that are named.
    refund(Refund) -> RefundReceipt;
    /// `acceptDispute`: the marketplace will not defend itself.
    accept_dispute(AcceptDispute) -> DisputeReceipt;
    /// `supplyDefenseDocument`: the marketplace's documents, before `defenseDueTime`.
    supply_defense_document(DefenseDocument) -> DisputeReceipt;
    /// `downloadDisputeEvidence`: a template for the defence, or the file that was supplied.
    download_dispute_evidence(DownloadDisputeEvidence) -> DisputeEvidence;
}

impl Client {
    /// `createTransfer`: moves money between accounts at Antom. The outcome comes by notification.
    ///
    /// # Errors
    ///
    /// As for [`pay`](Client::pay).
    pub async fn create_transfer(&self, transfer: &Transfer) -> Result<Receipt<TransferReceipt>, AskError> {
        self.call(&super::funds::AsTransfer(transfer)).await
    }

    /// `createPayout`: moves money from an account at Antom to a bank account. The outcome comes by notification.
    ///
    /// # Errors
    ///
    /// As for [`pay`](Client::pay).
    pub async fn create_payout(&self, transfer: &Transfer) -> Result<Receipt<TransferReceipt>, AskError> {
        self.call(&super::funds::AsPayout(transfer)).await
    }

    async fn call<Q: Question>(&self, request: &Q) -> Result<Receipt<Q::Body>, AskError> {
        let answer = self.inner.ask(request).await?;
        let is_final = request.is_final(&answer.result, &answer.body);
        Ok(Receipt::of(answer, is_final))
    }
}
