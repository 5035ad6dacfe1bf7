"""The peer of the intake's steps: a page of orders is parsed, each order is parted into public and personal data, gets
its term and a courier service, and both bodies are encoded and deflated.

Prints microseconds an order by step, as JSON: the median of the rounds. Usage: orders.py PAGE ROUNDS
"""

import json
import statistics
import sys
import time
import zlib

SPEEDS = {"STANDARD": "STD", "EXPEDITED": "EXP", "FREE_ECONOMY": "ECON", "PRIORITY": "PRIO", "SAME_DAY": "SAME"}
SERVICES = {"STD UK DOM": "DPD/next-day"}
PUBLIC = {"orderId", "createdTime", "lastUpdatedTime", "salesChannel", "programs", "fulfillment", "orderItems"}


def part(order):
    public = {name: value for name, value in order.items() if name in PUBLIC}
    personal = {name: value for name, value in order.items() if name not in PUBLIC}
    return public, personal


def decide(public, personal):
    address = personal.get("recipient", {}).get("deliveryAddress", {})
    level = public.get("fulfillment", {}).get("fulfillmentServiceLevel", "STANDARD")
    reach = "DOM" if address.get("countryCode") in ("GB", "IM", "JE", "GG") else "INT"
    prime = "-PRIME" if "PRIME" in public.get("programs", []) else ""
    term = f"{SPEEDS.get(level, level)} UK {reach}{prime}"
    service = SERVICES.get(term) or SERVICES.get(term.removesuffix("-PRIME"))
    return {"term": term, "service": service, "status": "ready" if service else "pending_review"}


def main():
    with open(sys.argv[1], "rb") as file:
        page = file.read()
    took = {"parse": [], "read": [], "decide": [], "deflate": []}
    for _ in range(int(sys.argv[2])):
        at = [time.perf_counter()]
        orders = json.loads(page)["orders"]
        at.append(time.perf_counter())
        parts = [part(order) for order in orders]
        at.append(time.perf_counter())
        decisions = [decide(public, personal) for public, personal in parts]
        at.append(time.perf_counter())
        for (public, personal), decision in zip(parts, decisions):
            zlib.compress(json.dumps({"order": public, "decision": decision}).encode())
            zlib.compress(json.dumps(personal).encode())
        at.append(time.perf_counter())
        for step, start, end in zip(took.values(), at, at[1:]):
            step.append((end - start) * 1e6 / len(orders))
    print(json.dumps({step: statistics.median(times) for step, times in took.items()}))


main()
