//! A row that `discrepancies.csv` must have.

use super::detail::Place;
use super::money::Currency;

/// One row, as far as the design says what it holds; what is `None` is left open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// `kind`.
    pub kind: &'static str,
    /// `stage`.
    pub stage: &'static str,
    /// `antom_id`.
    pub antom_id: String,
    /// `request_id`.
    pub request_id: Option<String>,
    /// `entry_type`.
    pub entry_type: Option<String>,
    /// `sub_merchant_id`.
    pub sub_merchant_id: String,
    /// `currency`.
    pub currency: Option<String>,
    /// `ledger_amount` in major units; empty for a side that is missing.
    pub ledger_amount: Option<String>,
    /// `report_amount`, likewise.
    pub report_amount: Option<String>,
    /// The end of `report_file`, and `report_line`.
    pub place: Option<Place>,
    /// Rows that would be as right in its place.
    pub or: Vec<Wanted>,
}

impl Wanted {
    /// A row of stage `proof` about an id, a party and a currency.
    pub fn proof(kind: &'static str, antom_id: &str, party: &str, currency: Currency) -> Self {
        Self {
            kind,
            stage: "proof",
            antom_id: antom_id.to_owned(),
            sub_merchant_id: party.to_owned(),
            currency: Some(currency.code().to_owned()),
            ..Self::default()
        }
    }

    /// With these amounts in smallest units.
    pub fn amounts(mut self, ledger: Option<i128>, report: Option<i128>, currency: Currency) -> Self {
        let text = |minor: Option<i128>| Some(minor.map_or_else(String::new, |minor| currency.major(minor)));
        (self.ledger_amount, self.report_amount) = (text(ledger), text(report));
        self
    }

    /// With empty amounts.
    pub fn no_amounts(mut self) -> Self {
        (self.ledger_amount, self.report_amount) = (Some(String::new()), Some(String::new()));
        self
    }

    /// With this currency, or with any.
    pub fn currency(mut self, currency: Option<Currency>) -> Self {
        self.currency = currency.map(|currency| currency.code().to_owned());
        self
    }

    /// With this place.
    pub fn at(mut self, place: Option<&Place>) -> Self {
        self.place = place.cloned();
        self
    }

    /// With this entry type.
    pub fn entry_type(mut self, entry_type: &str) -> Self {
        self.entry_type = Some(entry_type.to_owned());
        self
    }
}
