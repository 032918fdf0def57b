"""What the document can't say of values: days that a business could mean, and ids of things that exist."""

import datetime
import json
import os
import urllib.request

import schemathesis
from hypothesis import strategies as st

# Of each kind so few that a guess is often of the right kind.
OF_EACH = 2

LISTS = [
    "/api/properties",
    "/api/leases",
    "/api/tenants",
    "/api/bank-accounts",
    "/api/payments/ledger",
    "/api/maintenance/vendors",
    "/api/maintenance/requests",
    "/api/maintenance/work-orders",
]


def ids(path):
    request = urllib.request.Request(
        f"{os.environ['FUZZED_URL']}{path}?limit={OF_EACH}",
        headers={"Authorization": f"Bearer {os.environ['FUZZED_TOKEN']}"},
    )
    with urllib.request.urlopen(request) as answer:
        return [item["id"] for item in json.load(answer)["items"]]


existing = [id for path in LISTS for id in ids(path)]
existing += ids(f"/api/properties/{existing[0]}/units")

schemathesis.openapi.format(
    "date", st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)).map(str)
)
schemathesis.openapi.format("uuid", st.one_of(st.sampled_from(existing), st.uuids().map(str)))


@schemathesis.hook
def map_headers(context, headers):
    """A key that names a thing would soon have been used for another command."""
    if headers and headers.get("Idempotency-Key") in existing:
        del headers["Idempotency-Key"]
    return headers
