"""What a seller's program does with PyPI's python-amazon-sp-api, unchanged but for where it connects.

Usage: seller.py SANDBOX SELLER SKU; CLIENT_ID, CLIENT_SECRET and REFRESH_TOKEN in the environment. Prints as JSON what it
got.
"""

import json
import os
import sys
import time
import urllib.request

from sp_api.api import ListingsItems, Reports, Sellers
from sp_api.api.orders.orders_2026_01_01 import OrdersV20260101
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces

SANDBOX, SELLER, SKU = sys.argv[1:]
AccessTokenClient.scheme, AccessTokenClient.host = "http://", SANDBOX.removeprefix("http://")


def client(kind):
    credentials = {
        "refresh_token": os.environ["REFRESH_TOKEN"],
        "lwa_app_id": os.environ["CLIENT_ID"],
        "lwa_client_secret": os.environ["CLIENT_SECRET"],
    }
    made = kind(Marketplaces.UK, credentials=credentials)
    made.endpoint = SANDBOX
    return made


def report_of(kind):
    reports = client(Reports)
    report = reports.create_report(reportType=kind).payload["reportId"]
    deadline = time.monotonic() + 30
    while (now := reports.get_report(report).payload)["processingStatus"] != "DONE":
        assert time.monotonic() < deadline, now
        time.sleep(0.5)
    document = reports.get_report_document(now["reportDocumentId"], download=True, decrypt=True)
    return document.payload["document"]


def main():
    marketplaces = client(Sellers).get_marketplace_participation().payload
    orders = client(OrdersV20260101)
    found = orders.search_orders(lastUpdatedAfter="2020-01-01T00:00:00Z", includedData=["FULFILLMENT"]).payload["orders"]
    one = orders.get_order(found[0]["orderId"]).payload["order"]
    listing = client(ListingsItems).get_listings_item(SELLER, SKU).payload
    got = {
        "marketplaces": len(marketplaces),
        "orders": len(found),
        "same": one["orderId"] == found[0]["orderId"],
        "sku": listing["sku"],
        "listed": SKU in report_of("GET_MERCHANT_LISTINGS_ALL_DATA"),
    }
    print(json.dumps(got))


main()
