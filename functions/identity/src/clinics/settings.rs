//! A clinic's settings as the slices share them: the reply, and the statement that reads it.

use super::fields;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Plan;
use shared::database::Statement;
use shared::mail::Language;
use shared::validation::Text;
use uuid::Uuid;

/// The path at which everybody finds the clinic signed in to.
pub(crate) const ADDRESS: &str = "/api/v1/clinic";

/// A clinic with its settings.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClinicSettings {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// 1–255 characters.
    #[schemars(length(min = 1, max = 255), example = "Clínica Aurora")]
    pub name: Text,
    /// IANA name, e.g. `America/Sao_Paulo`.
    #[schemars(example = "America/Sao_Paulo")]
    pub time_zone: String,
    /// ISO 4217 code of everything the clinic is paid.
    #[schemars(regex(pattern = fields::CURRENCY), example = &"BRL")]
    pub currency: String,
    /// The language that the clinic and its patients are written to in.
    #[schemars(example = Language::Portuguese)]
    pub language: Language,
    /// How much its people may ask a minute. Whoever runs Grafono sets it.
    #[schemars(example = Plan::Free)]
    pub plan: Plan,
    /// Whether the clinic wants its people to give a second factor. It is noted only: nothing asks for one yet.
    #[schemars(example = false)]
    pub second_factor_required: bool,
    /// The clinic's own account at the payment provider, to which cards are charged; null: that of whoever runs Grafono.
    #[schemars(regex(pattern = fields::PROVIDER_ACCOUNT), example = None::<String>)]
    pub provider_account: Option<String>,
    /// The name that its receipts bear; null: `name`.
    #[schemars(length(min = 1, max = 255), example = "Clínica Aurora Ltda.")]
    pub legal_name: Option<Text>,
    /// CPF or CNPJ, without dots and strokes, for its receipts.
    #[schemars(regex(pattern = fields::DOCUMENT), example = &"11222333000181")]
    pub document: Option<String>,
    /// Where it is, in one line, for its receipts.
    #[schemars(length(min = 1, max = 500), example = "Rua das Flores, 10, São Paulo")]
    pub address: Option<Text>,
    /// Its number at the council of its profession, for its receipts.
    #[schemars(length(min = 1, max = 64), example = "CRFa 2-12345")]
    pub council_number: Option<Text>,
    /// The number of this version; the same as in `ETag`.
    #[schemars(range(min = 1), example = 1)]
    pub version: i64,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub updated_at: Timestamp,
}

/// The clinic as a reply.
pub(crate) fn settings(clinic: Uuid) -> Statement<ClinicSettings> {
    Statement::new(
        "identity.clinic_settings",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'id', id, 'name', name, 'timeZone', time_zone, 'currency', currency, 'language', language,
                    'plan', plan, 'secondFactorRequired', second_factor_required,
                    'providerAccount', provider_account, 'legalName', legal_name, 'document', document,
                    'address', address, 'councilNumber', council_number, 'version', version,
                    'createdAt', created_at, 'updatedAt', updated_at)::text, true) AS reply
           FROM identity.clinics
          WHERE id = $1",
    )
    .bind(clinic)
    .reply()
}
