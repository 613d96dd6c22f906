"""What no schema can say, and so is refused though the schema allows it (docs/openapi.md); and who asks what ends sessions."""

import json
import os
import urllib.request

import schemathesis

SAID_IN_WORDS = {
    "ACCOUNT_EXISTS",
    "AS_OF_IN_FUTURE",
    "BIRTH_DATE_IN_FUTURE",
    "CANNOT_DISABLE_ONESELF",
    "CARD_DATA_NOT_ACCEPTED",
    "CARD_DECLINED",
    "COMMON_PASSWORD",
    "CURRENCY_FIXED",
    "CURRENCY_MISMATCH",
    "CURRENCY_NOT_CHARGEABLE",
    "EVENT_SIGNATURE_INVALID",
    "IDEMPOTENCY_KEY_REUSED",
    "INVALID_CPF_OR_CNPJ",
    "INVALID_CREDENTIALS",
    "INVALID_CURSOR",
    "INVALID_DATE_TIME",
    "INVALID_DOCUMENT",
    "INVALID_WEBHOOK_URL",
    "METHOD_REQUIRED",
    "NOT_OF_THIS_TYPE",
    "NOT_REVERSIBLE",
    "OCCURRED_ON_IN_FUTURE",
    "PASSWORD_WRONG",
    "PAYMENT_REFUSED",
    "PROVIDER_PAYMENT_DIFFERS",
    "PROVIDER_PAYMENT_KNOWN",
    "PROVIDER_PAYMENT_REQUIRED",
    "RECEIPT_WITHOUT_ADDRESS",
    "REFRESH_TOKEN_INVALID",
    "REFUND_EXCEEDS_PAYMENT",
    "REFUND_REFUSED",
    "SOURCE_REQUIRED",
    "UNKNOWN_CURRENCY",
    "UNKNOWN_TIME_ZONE",
    "VERSION_STALE",
    "WEBHOOK_ENDPOINT_LIMIT",
    "WEBHOOK_HOST_NOT_FOUND",
    "WEBHOOK_URL_NOT_ALLOWED",
    "WINDOW_EMPTY",
    "WINDOW_TOO_LONG",
}

# These end the session that asks, or another one of the same person. Who asks the rest of the run stays signed in.
ENDS_SESSIONS = {"/api/v1/auth/logout", "/api/v1/auth/password", "/api/v1/sessions/{id}"}
REFRESH = "/api/v1/auth/refresh"


class Another:
    """A person of another clinic, who signs in anew after each session that was ended."""

    credentials = {"email": "another@example.com", "password": "a long and lonely road"}
    clinic = {"clinicName": "Another", "ownerName": "Another", "timeZone": "UTC", "currency": "BRL"}
    tokens = None

    def signed_in(self):
        if self.tokens is None:
            first = self.clinic is not None
            path, body = ("clinics", {**self.clinic, **self.credentials}) if first else ("auth/login", self.credentials)
            self.clinic = None
            address = f"{os.environ['GRAFONO_ADDRESS']}/api/v1/{path}"
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(address, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request) as answer:
                self.tokens = json.load(answer)["data"]
        return self.tokens


another = Another()


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Has another person ask what ends sessions, and refresh the session of a token that is good where one is sent that
    looks good. A case that is sent without a token, or with a bad one, stays so."""
    given = (case.headers or {}).get("Authorization", "")
    if case.path in ENDS_SESSIONS and given.startswith("Bearer v4.public."):
        case.headers["Authorization"] = f"Bearer {another.signed_in()['accessToken']}"
    if case.path == REFRESH and isinstance(case.body, dict) and len(str(case.body.get("refreshToken"))) == 64:
        case.body["refreshToken"] = another.signed_in()["refreshToken"]


@schemathesis.hook
def after_call(context, case, response):
    """Knows which tokens are good now."""
    if case.path in ENDS_SESSIONS and response.status_code == 204:
        another.tokens = None
    elif case.path == REFRESH and response.status_code == 200:
        another.tokens.update(response.json()["data"])


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Keeps a failure unless it is a refusal of valid data whose every reason is one of these, or an invitation that is gone
    because another one of its address was made."""
    if "ensure_resource_availability" in failure.checks:
        return response.json()["error"]["code"] != "INVITATION_NOT_FOUND"
    if "negative_data_rejection" in failure.checks:
        # What is not signed is not read.
        return response.status_code != 403 or response.json()["error"]["code"] != "EVENT_SIGNATURE_INVALID"
    if "positive_data_acceptance" not in failure.checks:
        return True
    error = response.json()["error"]
    codes = {detail["code"] for detail in error["details"]} or {error["code"]}
    return not codes <= SAID_IN_WORDS
