//! Antom's answers, kept byte for byte as evidence, each committed at once so that a killed run does not ask again.

use super::error::StoreError;
use super::journal::Act;
use super::pool::{Store, on_pool, on_tx};
use crate::calendar::{BusinessDate, Instant};

/// An answer to keep, or the failure to get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAnswer<'a> {
    /// Antom's id of the marketplace.
    pub platform_merchant_id: &'a str,
    /// The business date of the run that asks.
    pub run_date: BusinessDate,
    /// What was asked, in a form that is the same on every run.
    pub question: &'a str,
    /// Where it was asked: the last part of the API's path, such as `inquiryPayment`.
    pub endpoint: &'a str,
    /// When it was asked.
    pub asked_at: Instant,
    /// When the answer came; none if none came.
    pub answered_at: Option<Instant>,
    /// HTTP status; none if none came.
    pub http_status: Option<u16>,
    /// What the signature covers besides the body, and the signature itself, so that it can be verified again; empty if there is
    /// none. Lines: `POST <path>`, `client-id: …`, `response-time: …`, `signature: …`.
    pub signature: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// What was made of it after its signature was checked: a word of the caller's.
    pub outcome: &'a str,
}

/// An answer that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The business date of the run that asked.
    pub run_date: BusinessDate,
    /// What was asked.
    pub question: String,
    /// Where it was asked.
    pub endpoint: String,
    /// When it was asked.
    pub asked_at: Instant,
    /// When the answer came.
    pub answered_at: Option<Instant>,
    /// HTTP status.
    pub http_status: Option<u16>,
    /// What its signature was over besides the body, and the signature; empty too for answers that earlier versions kept.
    pub signature: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// What was made of it.
    pub outcome: String,
}

#[derive(sqlx::FromRow)]
struct AnswerRow {
    run_date: String,
    question: String,
    endpoint: String,
    asked_at_ms: i64,
    answered_at_ms: Option<i64>,
    http_status: Option<i64>,
    signature: String,
    body: Vec<u8>,
    outcome: String,
}

impl Store {
    /// Keeps an answer, at once.
    ///
    /// # Errors
    /// As any statement.
    pub async fn save_answer(&self, answer: &NewAnswer<'_>) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO answers (platform_merchant_id, run_date, question, endpoint, asked_at_ms,
             answered_at_ms, http_status, signature, body, outcome, journal_sequence)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        const DOING: &str = "keeping an answer";
        let mut tx = self.begin(DOING).await?;
        self.within(DOING, async {
            let act = Act::begin(&mut tx, answer.platform_merchant_id).await?;
            on_tx!(&mut tx, connection => {
                sqlx::query(SQL)
                    .bind(answer.platform_merchant_id)
                    .bind(answer.run_date.to_string())
                    .bind(answer.question)
                    .bind(answer.endpoint)
                    .bind(answer.asked_at.millis())
                    .bind(answer.answered_at.map(Instant::millis))
                    .bind(answer.http_status.map(i64::from))
                    .bind(answer.signature)
                    .bind(answer.body)
                    .bind(answer.outcome)
                    .bind(act.number())
                    .execute(connection)
                    .await?;
            });
            act.end(&mut tx).await
        })
        .await?;
        self.commit(DOING, tx).await
    }

    /// All answers that runs of this date got, in the order in which they were kept. A question may be there several times:
    /// an outage, then an answer.
    ///
    /// # Errors
    /// As any query.
    pub async fn answers_for(&self, merchant: &str, run_date: BusinessDate) -> Result<Vec<StoredAnswer>, StoreError> {
        const SQL: &str = "SELECT * FROM answers WHERE platform_merchant_id = $1 AND run_date = $2 ORDER BY answer_id";
        self.answers(SQL, merchant, run_date.to_string()).await
    }

    /// All answers to one question, on any date, in the order in which they were kept.
    ///
    /// # Errors
    /// As any query.
    pub async fn answers_to(&self, merchant: &str, question: &str) -> Result<Vec<StoredAnswer>, StoreError> {
        const SQL: &str = "SELECT * FROM answers WHERE platform_merchant_id = $1 AND question = $2 ORDER BY answer_id";
        self.answers(SQL, merchant, question.to_owned()).await
    }

    async fn answers(&self, sql: &'static str, merchant: &str, key: String) -> Result<Vec<StoredAnswer>, StoreError> {
        const DOING: &str = "reading answers";
        let rows: Vec<AnswerRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(sql).bind(merchant).bind(key).fetch_all(pool).await)
            })
            .await?;
        rows.into_iter().map(|row| row.into_answer().map_err(|problem| self.damaged(DOING, problem))).collect()
    }
}

impl AnswerRow {
    fn into_answer(self) -> Result<StoredAnswer, String> {
        let http_status = self.http_status.map(u16::try_from).transpose();
        Ok(StoredAnswer {
            run_date: super::rows::date("run_date", &self.run_date)?,
            question: self.question,
            endpoint: self.endpoint,
            asked_at: Instant::from_millis(self.asked_at_ms),
            answered_at: self.answered_at_ms.map(Instant::from_millis),
            http_status: http_status
                .map_err(|_| format!("http_status is `{:?}`; expected three digits", self.http_status))?,
            signature: self.signature,
            body: self.body,
            outcome: self.outcome,
        })
    }
}
